//! `host-trainer evaluate`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use xray_core::decision::DISCLAIMER;
use xray_core::package::{PackageFile, RANDOM_WARNING};
use xray_core::screening::printable;

use super::SOME_UNREAD;
use super::judged::DividedArgs;
use super::progress::Reporter;
use crate::data::Groups;
use crate::metrics::{Subgroup, with_interval};
use crate::pipeline::{Abstention, Comparison, Detail, DetailOptions, EvaluationRun, evaluate};
use crate::report::{self, Subject};
use crate::run::RunDir;

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer evaluate --model models/first.onnx --data chest_xray
  host-trainer evaluate --model models/first.onnx --data chest_xray --split test --json > test.json
  host-trainer evaluate --model models/first.onnx --data chest_xray --report reports/first --run runs/first
  host-trainer evaluate --model models/first.onnx --data clinic --subgroups wards.csv --prevalence 0.05,0.2

The threshold is the one in the model; nothing is chosen here. A report is a folder with report.html, which needs
nothing beside it, MODEL_CARD.md, the pictures as SVG and PNG, and every score and threshold as CSV. It shows the
X-rays that were called wrongly: keep it as you keep them.")]
pub struct EvaluateArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    #[command(flatten)]
    images: DividedArgs,
    /// CSV file with the columns path,group whose figures are given apart; paths as `test/NORMAL/1.jpeg` [default:
    /// bacteria and virus by the file names of the public set]
    #[arg(long, value_name = "FILE.csv")]
    subgroups: Option<PathBuf>,
    /// Shares of patients with the finding for which predictive values are given
    #[arg(long, value_name = "SHARES", value_delimiter = ',', default_values_t = DetailOptions::PREVALENCES)]
    prevalence: Vec<f64>,
    /// Folder to write a report with pictures and a model card to; files of an earlier one are replaced
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Folder of the run that the model was made from, for the training curves in the report
    #[arg(long, value_name = "RUN", requires = "report")]
    run: Option<PathBuf>,
    /// Print the figures as JSON, with the table of all thresholds
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Everything<'a> {
    #[serde(flatten)]
    run: &'a EvaluationRun,
    #[serde(flatten)]
    detail: &'a Detail,
}

pub fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    let groups = args.subgroups.as_deref().map_or(Ok(Groups::ByName), Groups::read)?;
    let options = DetailOptions { groups, prevalences: args.prevalence };
    // A run that cannot be read, or is another's, is said before hundreds of images are screened.
    let training = args.run.as_deref().map(|run| RunDir::new(run).read()).transpose()?;
    if let (Some((record, _)), Some(run)) = (&training, &args.run) {
        let package = PackageFile::read(&args.model)?.verify()?;
        ensure!(
            report::is_of(record, package.contract()),
            "{}: {} was not made from this run; name the one that it was exported from",
            run.display(),
            args.model.display()
        );
    }
    let (mut reporter, set) = (Reporter::new(args.quiet), args.images.set());
    let result = evaluate(&args.model, &set, &mut |event| reporter.show(event))?;
    let detail = Detail::new(&result, &options)?;
    if let Some(folder) = &args.report {
        let training = training.as_ref().map(|(record, _)| record);
        let (model, data) = (args.model.as_path(), set.data.as_path());
        let beside = match result.contract.quantisation {
            Some(_) => Comparison::beside(model, &result.model),
            None => Ok(None),
        };
        let quantised = beside.unwrap_or_else(|error| {
            eprintln!("warning: {error}");
            None
        });
        let quantised = quantised.as_ref();
        report::write(folder, &Subject { model, data, run: &result, detail: &detail, training, quantised })?;
        if !args.quiet {
            eprintln!("report written to {}", folder.join("report.html").display());
        }
    }
    if args.json {
        println!("{}", serde_json::to_string(&Everything { run: &result, detail: &detail })?);
    } else {
        print!("{}", render(&result, &detail));
    }
    Ok(if result.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_UNREAD) })
}

/// An evaluation in words.
pub fn render(result: &EvaluationRun, detail: &Detail) -> String {
    let mut text = String::new();
    if result.random_backbones {
        text.push_str(RANDOM_WARNING);
        text.push('\n');
    }
    text.push_str(&format!("split {}, model {}\n\n", result.split, result.model));
    text.push_str(&result.evaluation.render_text(&result.classes));
    text.push('\n');
    // Writing to a String cannot fail.
    let _ = render_detail(&mut text, result.evaluation.positive.f1, detail);
    if !result.left_out.is_empty() {
        text.push_str(&format!(
            "\n{} image(s) could not be read and are in no figure\n",
            result.left_out.len()
        ));
    }
    if !result.refused.is_empty() {
        let (refused, all) = (result.refused.len(), result.refused.len() + result.images.len());
        text.push_str(&format!(
            "\nthe gate let {refused} of {all} image(s) not through; they are in no figure, and a device gives no result\n"
        ));
    }
    text.push_str(&format!("\n{DISCLAIMER}\n"));
    text
}

fn render_detail(text: &mut String, f1: Option<f64>, detail: &Detail) -> std::fmt::Result {
    writeln!(text, "Intervals of these are by bootstrap:")?;
    if let Some(span) = detail.auroc_bootstrap {
        writeln!(text, "AUROC                          [{:.4}, {:.4}]", span.low, span.high)?;
    }
    let average = with_interval(detail.average_precision, detail.average_precision_interval);
    writeln!(text, "average precision              {average}")?;
    let f1 = with_interval(f1, detail.f1_interval);
    writeln!(text, "F1 of the positive class       {f1}")?;
    for (name, figures) in [("", Some(&detail.calibration)), (", uncalibrated", detail.uncalibrated.as_ref())]
    {
        if let Some(figures) = figures {
            let brier = with_interval(Some(figures.brier), figures.brier_interval);
            writeln!(text, "{:<30} {brier}", format!("Brier score{name}"))?;
            let error = figures.reliability.expected_error;
            writeln!(text, "{:<30} {error:.4}", format!("calibration error{name}"))?;
        }
    }
    writeln!(text, "\nIf this share of patients has the finding, a call is right so often (PPV, NPV):")?;
    for row in &detail.predictive_values {
        let (ppv, npv) = (with_interval(row.ppv, row.ppv_interval), with_interval(row.npv, row.npv_interval));
        writeln!(text, "  {:>5.1}%  PPV {ppv}  NPV {npv}", 100.0 * row.prevalence)?;
    }
    if let Some(abstention) = &detail.abstention {
        render_abstention(text, abstention)?;
    }
    if !detail.subgroups.is_empty() {
        writeln!(text, "\nBy group:")?;
        detail.subgroups.iter().try_for_each(|group| render_group(text, group))?;
    }
    Ok(())
}

fn render_abstention(text: &mut String, abstention: &Abstention) -> std::fmt::Result {
    let band = abstention.band;
    writeln!(text, "\nUncertain from {:.4} to under {:.4}:", band.low, band.high)?;
    let rows = [
        ("of all", &abstention.uncertain),
        ("of the positives", &abstention.uncertain_positives),
        ("of the negatives", &abstention.uncertain_negatives),
        ("sensitivity outside", &abstention.sensitivity),
        ("specificity outside", &abstention.specificity),
    ];
    rows.iter().try_for_each(|(name, rate)| writeln!(text, "  {name:<20} {rate}  n = {}", rate.n))
}

fn render_group(text: &mut String, group: &Subgroup) -> std::fmt::Result {
    let name = group.name.as_deref().map_or_else(|| "(no group)".to_owned(), printable);
    writeln!(text, "  {name}: {} positive, {} negative", group.positives, group.negatives)?;
    for (name, rate) in [("sensitivity", &group.sensitivity), ("specificity", &group.specificity)] {
        if rate.n > 0 {
            writeln!(text, "    {name:<12} {rate}  n = {}", rate.n)?;
        }
    }
    if let Some(area) = group.auroc {
        let span =
            group.auroc_interval.map_or_else(String::new, |i| format!(" [{:.4}, {:.4}]", i.low, i.high));
        let against = if group.auroc_against_all { "  against all of the other class" } else { "" };
        writeln!(text, "    AUROC        {area:.4}{span}{against}")?;
    }
    Ok(())
}
