//! `host-trainer audit`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::args::SplitImageSetArgs;
use super::progress::Reporter;
use super::{OVER_LIMIT, SOME_UNREAD};
use crate::audit::{Audit, AuditLimits, AuditVerdict};
use crate::commands::audit::{AUDIT_SEED, ModelAudit, audit};
use crate::metrics::Interval;

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer audit --model models/first.onnx --data chest_xray --split test
  host-trainer audit --model models/first.onnx --data chest_xray --split val --splits splits.csv
  host-trainer audit --model models/first.onnx --data chest_xray --max-frame-auroc 0.6 --json > audit.json

The middle of an image is the box of columns 30 to 194 and rows 22 to 212 of 224, its edge softened by a Gaussian of 4
pixels; the frame is what lies outside. If the frame alone tells the classes, the model has learnt a marker letter, a border
or the arms, and will fail in another hospital. `middle-alone` shows the lungs before black, `shuffled-pixels` what grey
levels tell without shapes, `corners-inpainted` the image without marker letters.

Exit status: 0 within the limits, 3 within the limits but some images could not be read, 4 over a limit.")]
pub struct AuditArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    #[command(flatten)]
    images: SplitImageSetArgs,
    /// Largest AUROC on the frame alone; above it the exit status is 4
    #[arg(long, value_name = "AUROC", default_value_t = AuditLimits::default().max_frame_auroc)]
    max_frame_auroc: f64,
    /// Seeds which image lends its frame, and how pixels are shuffled
    #[arg(long, default_value_t = AUDIT_SEED)]
    seed: u64,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

pub fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let limits = AuditLimits { max_frame_auroc: args.max_frame_auroc };
    let mut reporter = Reporter::new(args.quiet || args.json);
    let result =
        audit(&args.model, &args.images.set(), args.seed, limits, &mut |event| reporter.show(event))?;
    if args.json {
        println!("{}", serde_json::to_string(&result)?);
    } else {
        print!("{}", render(&result));
    }
    Ok(match result.verdict {
        Some(AuditVerdict::FrameTellsClasses { .. }) => ExitCode::from(OVER_LIMIT),
        _ if !result.left_out.is_empty() => ExitCode::from(SOME_UNREAD),
        _ => ExitCode::SUCCESS,
    })
}

/// An audit in words.
fn render(result: &ModelAudit) -> String {
    let mut text = format!("split {}, {} images, model {}\n", result.split, result.images, result.model);
    for (name, audit) in [("off", &result.gate_off), ("on", &result.gate_on)] {
        text.push_str(&format!("\nquality gate {name}:\n"));
        text.push_str(&table(audit));
    }
    let verdict = match &result.verdict {
        Some(verdict) => verdict.to_string(),
        None => "no verdict: it needs images of both classes".to_owned(),
    };
    text.push_str(&format!("\n{verdict}\n"));
    text
}

fn table(audit: &Audit) -> String {
    let with = |value: Option<f64>, interval: Option<Interval>| {
        let interval = interval.map_or_else(String::new, |i| format!(" [{:.3}, {:.3}]", i.low, i.high));
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}{interval}"))
    };
    let rate = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let mut text = format!(
        "{:<22}{:>6}{:>24}{:>26}{:>13}{:>13}\n",
        "", "n", "AUROC", "drop", "sensitivity", "specificity"
    );
    for row in &audit.rows {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<22}{:>6}{:>24}{:>26}{:>13}{:>13}",
            row.transform,
            row.images,
            with(row.auroc, row.auroc_interval),
            with(row.drop, row.drop_interval),
            rate(row.sensitivity.value),
            rate(row.specificity.value),
        );
    }
    text
}
