//! `host-trainer evaluate`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use xray_core::decision::DISCLAIMER;
use xray_core::package::RANDOM_WARNING;
use xray_core::screening::printable;

use super::args::{AuditLimitArgs, SplitImageSetArgs};
use super::progress::Reporter;
use super::{OVER_LIMIT, SOME_UNREAD, audit};
use crate::audit::AuditLimits;
use crate::commands::evaluate::{EvaluateOptions, FullEvaluation, ReportOptions, evaluate_with_report};
use crate::data::Groups;
use crate::evaluation::{Abstention, DetailsOptions, EvaluationDetails, ModelAudit, ModelEvaluation};
use crate::metrics::{Subgroup, with_interval};

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer evaluate --model models/first.onnx --data chest_xray
  host-trainer evaluate --model models/first.onnx --data chest_xray --split test --json > test.json
  host-trainer evaluate --model models/first.onnx --data chest_xray --report reports/first --run runs/first
  host-trainer evaluate --model models/first.onnx --data clinic --subgroups wards.csv --prevalence 0.05,0.2
  host-trainer evaluate --model models/first.onnx --data ours=clinic --data theirs=other_clinic
  host-trainer evaluate --model models/first.onnx --data chest_xray --audit --report reports/first

The threshold is that of the model; nothing is chosen here. A report is a folder with report.html, which needs no other
file, MODEL_CARD.md, the plots as SVG and PNG, and every score and threshold as CSV. It shows X-rays with wrong verdicts:
store it as confidentially as the X-rays. With several hospitals there is a row for each. `--audit` asks as `host-trainer
audit` does whether the model finds the classes by something other than the lungs, with the same limits.

Exit status: 0 all done, 3 some images could not be read, 4 the audit is over a limit.")]
pub struct EvaluateArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    #[command(flatten)]
    images: SplitImageSetArgs,
    /// CSV file with the columns path,group: each group gets its own figures; paths as `test/NORMAL/1.jpeg` [default:
    /// bacteria and virus by the file names of the public set]
    #[arg(long, value_name = "FILE.csv")]
    subgroups: Option<PathBuf>,
    /// Prevalences of the finding that predictive values are computed for
    #[arg(long, value_name = "SHARES", value_delimiter = ',', default_values_t = DetailsOptions::PREVALENCES)]
    prevalence: Vec<f64>,
    /// Folder to write a report with plots and a model card to; files of an earlier report are replaced
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Folder of the run that the model was made from, for the training curves in the report
    #[arg(long, value_name = "RUN", requires = "report")]
    run: Option<PathBuf>,
    /// Audit the model on the same images, too: each runs seven times more
    #[arg(long, help_heading = "Audit")]
    audit: bool,
    #[command(flatten)]
    limits: AuditLimitArgs,
    /// Print the figures as JSON, with the table of all thresholds
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

#[derive(Serialize)]
struct JsonOutput<'a> {
    #[serde(flatten)]
    evaluation: &'a ModelEvaluation,
    #[serde(flatten)]
    details: &'a EvaluationDetails,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<&'a ModelAudit>,
}

pub fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    let groups = args.subgroups.as_deref().map_or(Ok(Groups::ByName), Groups::read)?;
    ensure!(
        args.audit || args.limits.is_empty(),
        "--max-frame-auroc and --max-other-frame-drop are limits of the audit; add --audit"
    );
    let options = EvaluateOptions {
        model: args.model,
        images: args.images.set()?,
        details: DetailsOptions { groups, prevalences: args.prevalence },
        audit: args.audit.then(|| args.limits.or(AuditLimits::default())),
        report: args.report.map(|folder| ReportOptions { folder, run: args.run }),
    };
    let mut reporter = Reporter::new(args.quiet);
    let FullEvaluation { evaluation, details, audit } =
        evaluate_with_report(&options, &mut |event| reporter.show(event))?;
    if args.json {
        let output = JsonOutput { evaluation: &evaluation, details: &details, audit: audit.as_ref() };
        println!("{}", serde_json::to_string(&output)?);
    } else {
        print!("{}", render(&evaluation, &details));
        if let Some(audit) = &audit {
            print!("\nDoes it look at the lungs?\n\n{}", audit::render(audit));
        }
    }
    Ok(if audit.is_some_and(|audit| audit.is_over()) {
        ExitCode::from(OVER_LIMIT)
    } else if evaluation.left_out.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_UNREAD)
    })
}

pub fn render(result: &ModelEvaluation, details: &EvaluationDetails) -> String {
    let mut text = String::new();
    if result.random_backbones {
        text.push_str(RANDOM_WARNING);
        text.push('\n');
    }
    text.push_str(&format!("split {}, model {}\n\n", result.split, result.model));
    text.push_str(&result.evaluation.render_text(&result.classes));
    text.push('\n');
    // Writing to a String cannot fail.
    let _ = render_details(&mut text, result.evaluation.positive.f1, details);
    if !result.left_out.is_empty() {
        text.push_str(&format!(
            "\n{} image(s) could not be read; no figure counts them\n",
            result.left_out.len()
        ));
    }
    if !result.refused.is_empty() {
        let (refused, all) = (result.refused.len(), result.refused.len() + result.images.len());
        text.push_str(&format!(
            "\nthe quality gate refused {refused} of {all} image(s); no figure counts them, and a device gives no result\n"
        ));
    }
    text.push_str(&format!("\n{DISCLAIMER}\n"));
    text
}

fn render_details(text: &mut String, f1: Option<f64>, details: &EvaluationDetails) -> std::fmt::Result {
    writeln!(text, "Intervals of these are by bootstrap:")?;
    if let Some(span) = details.auroc_bootstrap {
        writeln!(text, "AUROC                          [{:.4}, {:.4}]", span.low, span.high)?;
    }
    let average = with_interval(details.average_precision, details.average_precision_interval);
    writeln!(text, "average precision              {average}")?;
    let f1 = with_interval(f1, details.f1_interval);
    writeln!(text, "F1 of the positive class       {f1}")?;
    for (name, figures) in
        [("", Some(&details.calibration)), (", uncalibrated", details.uncalibrated.as_ref())]
    {
        if let Some(figures) = figures {
            let brier = with_interval(Some(figures.brier), figures.brier_interval);
            writeln!(text, "{:<30} {brier}", format!("Brier score{name}"))?;
            let error = figures.reliability.expected_error;
            writeln!(text, "{:<30} {error:.4}", format!("calibration error{name}"))?;
        }
    }
    writeln!(text, "\nPredictive values (PPV, NPV) by prevalence of the finding:")?;
    for row in &details.predictive_values {
        let (ppv, npv) = (with_interval(row.ppv, row.ppv_interval), with_interval(row.npv, row.npv_interval));
        writeln!(text, "  {:>5.1}%  PPV {ppv}  NPV {npv}", 100.0 * row.prevalence)?;
    }
    if let Some(abstention) = &details.abstention {
        render_abstention(text, abstention)?;
    }
    for (title, groups) in [("hospital", &details.sources), ("group", &details.subgroups)] {
        if !groups.is_empty() {
            writeln!(text, "\nBy {title}:")?;
            groups.iter().try_for_each(|group| render_group(text, group))?;
        }
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
