//! `host-trainer calibrate`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use xray_core::decision::DISCLAIMER;

use super::SOME_UNREAD;
use super::args::cache_folder;
use super::progress::Reporter;
use crate::calibration::{Draw, Judged, LocalRules};
use crate::commands::calibrate::{CalibrateOptions, CalibrationResult, LocalData, calibrate};
use crate::data::ClassNames;
use crate::evaluation::{AbstainRule, ThresholdRule};
use crate::metrics::{OfThousand, Prices, with_interval};

/// Arguments of `calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer calibrate --model models/first.onnx --data clinic --prevalence 0.1
  host-trainer calibrate --model models/first.onnx --data clinic --rule 'sensitivity>=0.95' --out models/clinic.onnx
  host-trainer calibrate --model models/first.onnx --data clinic --cost-missed 500 --cost-sent-on 20
  host-trainer calibrate --model models/first.onnx --readings readings.csv --out models/clinic.onnx

Chooses temperature, threshold and abstain band anew on labelled X-rays of the place where the model is used. Backbones and
classifier head stay as they are, bit for bit. Without --out nothing is written. Figures of the earlier operating point do
not hold for the new one, and the new file needs a new signature (`host-trainer sign`).

Every image that can be read is scored, also those that the quality gate refuses; their number is printed. Readings are a CSV
file such as `edge-runtime records export --csv` writes, with one more column `reading`: a class of the model, yes or no, 1 or
0, or nothing.")]
#[command(group = clap::ArgGroup::new("local").args(["data", "readings"]).required(true))]
pub struct CalibrateArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    /// Folder that holds the two class folders with labelled X-rays
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// CSV file with the columns `content` or `file`, `probability` or `logit`, and `reading`
    #[arg(long, value_name = "FILE.csv")]
    readings: Option<PathBuf>,
    /// Names of the class folders, the one without the finding first [default: as in the model]
    #[arg(long, value_name = "NEGATIVE,POSITIVE")]
    classes: Option<ClassNames>,
    /// Use only this number of images, half of each class, drawn by --seed
    #[arg(long, value_name = "N", requires = "data", value_parser = even)]
    images: Option<usize>,
    /// Seeds which images are drawn
    #[arg(long, default_value_t = 1, requires = "images")]
    seed: u64,
    /// Folder with other labelled X-rays, that both operating points are judged on
    #[arg(long, value_name = "DIR")]
    judge: Option<PathBuf>,
    /// How the threshold is chosen: `youden`, 'sensitivity>=0.95' (the highest threshold that reaches it), 'specificity>=0.9',
    /// or a number between 0 and 1
    #[arg(long, value_name = "RULE", default_value_t = LocalRules::THRESHOLD)]
    rule: ThresholdRule,
    /// Keep the temperature of the model
    #[arg(long)]
    keep_temperature: bool,
    /// Where the model must not decide: two rules as in --rule, for the lower and the upper end
    #[arg(long, value_name = "RULE,RULE")]
    abstain: Option<AbstainRule>,
    /// Fit the quality gate anew, too; needs 130 images or more
    #[arg(long, requires = "data")]
    refit_gate: bool,
    /// Folder of the feature cache, for --refit-gate [default: $XDG_CACHE_HOME/xray-edge/features]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Share of the people with the finding, 0 to 1, for the table
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    prevalence: f64,
    /// Price of one person with the finding who is not sent on
    #[arg(long, value_name = "PRICE", help_heading = "Prices")]
    cost_missed: Option<f64>,
    /// Price of one person without the finding who is sent on, beside --cost-sent-on
    #[arg(long, value_name = "PRICE", help_heading = "Prices")]
    cost_false_alarm: Option<f64>,
    /// Price of the next examination of one person who is sent on
    #[arg(long, value_name = "PRICE", help_heading = "Prices")]
    cost_sent_on: Option<f64>,
    /// Model file to write; an existing file is replaced
    #[arg(long, value_name = "FILE.onnx")]
    out: Option<PathBuf>,
    /// Write nothing, whatever --out says
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON, with the table of all thresholds
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

/// Most rows of the table on a terminal.
const ROWS: usize = 20;

pub fn run(args: CalibrateArgs) -> anyhow::Result<ExitCode> {
    let (json, mut reporter) = (args.json, Reporter::new(args.quiet || args.json));
    let result = calibrate(&options(args)?, &mut |event| reporter.show(event))?;
    if json {
        println!("{}", serde_json::to_string(&result)?);
    } else {
        print!("{}", render(&result));
    }
    Ok(if result.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_UNREAD) })
}

fn options(args: CalibrateArgs) -> anyhow::Result<CalibrateOptions> {
    let seed = args.seed;
    let draw = args.images.map(|images| Draw { images, seed });
    let data = match (args.data, args.readings) {
        (Some(folder), _) => LocalData::Images { folder, draw },
        (None, Some(file)) => LocalData::Readings { file },
        (None, None) => anyhow::bail!("give labelled images with --data, or records with --readings"),
    };
    let given = [args.cost_missed, args.cost_false_alarm, args.cost_sent_on];
    let [missed, false_alarm, sent_on] = given.map(|price| price.unwrap_or(0.0));
    let prices = given.iter().any(Option::is_some).then_some(Prices { missed, false_alarm, sent_on });
    Ok(CalibrateOptions {
        model: args.model,
        data,
        classes: args.classes,
        judge: args.judge,
        rules: LocalRules {
            threshold: args.rule,
            keep_temperature: args.keep_temperature,
            abstain: args.abstain,
        },
        refit_gate: args.refit_gate,
        cache: cache_folder(args.cache)?,
        prevalence: args.prevalence,
        prices,
        out: args.out.filter(|_| !args.dry_run),
    })
}

fn even(text: &str) -> Result<usize, String> {
    let number = text.parse::<usize>().ok().filter(|number| *number >= 2 && number.is_multiple_of(2));
    number.ok_or_else(|| format!("`{text}` is not an even number of images"))
}

fn render(result: &CalibrationResult) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = render_to(&mut text, result);
    text
}

fn render_to(text: &mut String, result: &CalibrationResult) -> std::fmt::Result {
    let images = result.images;
    writeln!(text, "{} images without and {} with the finding", images.negatives, images.positives)?;
    writeln!(text, "refused by the quality gate of the model, and counted here: {}", result.refused_by_gate)?;
    judged(text, "the operating point of the model", &result.before)?;
    judged(text, &format!("the new one ({}), on the images it was chosen on", result.rule), &result.after)?;
    if let Some(held) = &result.held_out {
        writeln!(
            text,
            "\nthe rule on images that it was not applied to ({} parts of the patients):",
            held.folds
        )?;
        writeln!(text, "  sensitivity        {}  n = {}", held.sensitivity, held.sensitivity.n)?;
        writeln!(text, "  specificity        {}  n = {}", held.specificity, held.specificity.n)?;
        writeln!(text, "  calibration error  {:.4}", held.expected_calibration_error)?;
    }
    if let Some(other) = &result.judged {
        let images = other.images;
        writeln!(
            text,
            "\non other images, {} without and {} with the finding:",
            images.negatives, images.positives
        )?;
        judged(text, "the operating point of the model", &other.before)?;
        judged(text, "the new one", &other.after)?;
    }
    table(text, result)?;
    writeln!(text, "\nWidth of the 95% interval to expect, half of the images of each class:")?;
    for row in &result.enough {
        let (sensitivity, specificity) = (row.sensitivity, row.specificity);
        writeln!(
            text,
            "  {:>4} images  sensitivity {sensitivity:.3}  specificity {specificity:.3}",
            row.images
        )?;
    }
    match &result.written {
        Some(written) => writeln!(
            text,
            "\nwritten to {}, sha256 {}\nIt has no signature and no version: sign it (`host-trainer sign --model-version N`) \
             before a board takes it. Figures of the earlier model do not hold for it.",
            written.path.display(),
            written.sha256
        )?,
        None => writeln!(
            text,
            "\nnothing was written; --out FILE.onnx writes the model with the new operating point"
        )?,
    }
    writeln!(text, "\n{DISCLAIMER}")
}

fn judged(text: &mut String, name: &str, figures: &Judged) -> std::fmt::Result {
    writeln!(text, "\n{name}:")?;
    writeln!(
        text,
        "  threshold          {:.4} at temperature {:.4}",
        figures.threshold, figures.temperature
    )?;
    if let (Some(band), Some(rate)) = (figures.abstain, figures.uncertain) {
        writeln!(text, "  uncertain          {:.4} to under {:.4}, {rate} of all", band.low, band.high)?;
    }
    writeln!(text, "  sensitivity        {}  n = {}", figures.sensitivity, figures.sensitivity.n)?;
    writeln!(text, "  specificity        {}  n = {}", figures.specificity, figures.specificity.n)?;
    writeln!(text, "  AUROC              {}", with_interval(figures.auroc, figures.auroc_interval))?;
    writeln!(text, "  calibration error  {:.4}", figures.expected_calibration_error)
}

/// Of many thresholds some, evenly spread, and always those around the chosen one.
fn table(text: &mut String, result: &CalibrationResult) -> std::fmt::Result {
    let rows = &result.thresholds;
    writeln!(text, "\nOf 1000 people, {:.1} with the finding:", 1000.0 * result.prevalence)?;
    let priced = result.prices.is_some();
    let heading = ["threshold", "sensitivity", "specificity", "found", "missed", "false alarms", "sent on"];
    writeln!(
        text,
        "  {}{}",
        heading.map(|name| format!("{name:>13}")).concat(),
        if priced { "         cost" } else { "" }
    )?;
    let every = rows.len().div_ceil(ROWS).max(1);
    let chosen = rows.iter().rposition(|row| row.threshold >= result.after.threshold);
    let cheapest = (0..rows.len())
        .filter(|at| rows[*at].cost.is_some())
        .min_by(|a, b| rows[*a].cost.unwrap_or(0.0).total_cmp(&rows[*b].cost.unwrap_or(0.0)));
    for (at, row) in rows.iter().enumerate() {
        let is = |place: Option<usize>| place == Some(at);
        if at % every == 0 || at + 1 == rows.len() || is(chosen) || is(cheapest) {
            let mark = match (is(chosen), is(cheapest)) {
                (true, true) => "  <- as chosen; cheapest",
                (true, false) => "  <- as chosen",
                (false, true) => "  <- cheapest",
                (false, false) => "",
            };
            writeln!(text, "  {}{mark}", cells(row))?;
        }
    }
    Ok(())
}

fn cells(row: &OfThousand) -> String {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.3}"));
    let number = |number: f64| format!("{number:.1}");
    let mut cells =
        vec![format!("{:.4}", row.threshold), rate(row.sensitivity.value), rate(row.specificity.value)];
    cells.extend([row.found, row.missed, row.false_alarms, row.sent_on].map(number));
    cells.extend(row.cost.map(number));
    cells.iter().map(|cell| format!("{cell:>13}")).collect()
}
