//! `host-trainer audit`.

use std::fmt::Write;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use image::{GrayImage, ImageFormat};
use xray_core::files::{PUBLIC, write_atomic};

use super::args::{AuditLimitArgs, SplitImageSetArgs};
use super::progress::Reporter;
use super::{OVER_LIMIT, SOME_UNREAD};
use crate::audit::{AUDIT_SEED, Audit, AuditLimits, SourceTold, Transform, TransformFigures};
use crate::commands::audit::audit;
use crate::evaluation::ModelAudit;
use crate::metrics::Interval;

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer audit --model models/first.onnx --data chest_xray --split test
  host-trainer audit --model models/first.onnx --data chest_xray --split val --splits splits.csv
  host-trainer audit --model models/first.onnx --data chest_xray --max-frame-auroc 0.6 --json > audit.json
  host-trainer audit --model models/first.onnx --data chest_xray --picture audit.png
  host-trainer audit --model models/first.onnx --data ours=clinic --data theirs=other_clinic

The middle of an image is the box of columns 30 to 194 and rows 22 to 212 of 224, its edge softened by a Gaussian of 4
pixels; the frame is what lies outside. If the frame alone tells the classes, the model has learnt a marker letter, a border
or the arms, and will fail in another hospital. `middle-alone` shows the lungs before black, `shuffled-pixels` what grey
levels tell without shapes, `corners-inpainted` the image without marker letters. Intervals are 95% (DeLong); that of a drop is
paired. The limits apply to all images together, with the quality gate off.

With several hospitals, frames come from images of all of them, and the audit also tells how well the score tells the hospital
within a class: AUROC 0.5 is chance. That has no limit, since patients of two hospitals can differ in how ill they are.

Exit status: 0 within the limits, 3 within the limits but some images could not be read, 4 over a limit.")]
pub struct AuditArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    #[command(flatten)]
    images: SplitImageSetArgs,
    #[command(flatten)]
    limits: AuditLimitArgs,
    /// Seeds which image lends its frame, and how pixels are shuffled
    #[arg(long, default_value_t = AUDIT_SEED)]
    seed: u64,
    /// Write a picture of four images under every change, each with its score; it shows X-rays: store it as confidentially
    #[arg(long, value_name = "FILE.png")]
    picture: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

pub fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let limits = args.limits.or(AuditLimits::default());
    let mut reporter = Reporter::new(args.quiet || args.json);
    let set = args.images.set()?;
    let result = audit(&args.model, &set, args.seed, limits, &mut |event| reporter.show(event))?;
    if let Some(file) = &args.picture {
        write_picture(&result.picture, file)?;
    }
    if args.json {
        println!("{}", serde_json::to_string(&result)?);
    } else {
        println!("split {}, {} images, model {}\n", result.split, result.images, result.model);
        print!("{}", render(&result));
    }
    Ok(if result.is_over() {
        ExitCode::from(OVER_LIMIT)
    } else if result.left_out.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_UNREAD)
    })
}

fn write_picture(picture: &GrayImage, file: &Path) -> anyhow::Result<()> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .and_then(|()| Ok(write_atomic(file, bytes.get_ref(), PUBLIC)?))
        .with_context(|| {
            format!("{}: the picture could not be written; check the folder and its space", file.display())
        })
}

/// Tables and verdict of an audit. Ends with a line break.
pub fn render(result: &ModelAudit) -> String {
    let mut text = String::new();
    for (name, audit) in [("off", &result.gate_off), ("on", &result.gate_on)] {
        text.push_str(&format!("quality gate {name}:\n{}\n", table(audit)));
    }
    text.push_str(&told_table(&result.gate_off.source_told));
    text.push_str(&format!("{}\n", result.words()));
    text
}

/// How well the score tells the hospital; nothing where there is one only.
fn told_table(all: &[SourceTold]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut text = format!("{:<46}{:>12}{:>24}\n", "hospital told by the score within a class", "n", "AUROC");
    for told in all {
        let class = if told.label { "with" } else { "without" };
        let ([first, second], [of_first, of_second]) = (&told.sources, told.images);
        let pair = format!("{class} the finding: {second} from {first}");
        let n = format!("{of_second} and {of_first}");
        let auroc = with_interval(Some(told.auroc), told.auroc_interval);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{pair:<46}{n:>12}{auroc:>24}");
    }
    text.push('\n');
    text
}

fn with_interval(value: Option<f64>, interval: Option<Interval>) -> String {
    let interval = interval.map_or_else(String::new, |i| format!(" [{:.3}, {:.3}]", i.low, i.high));
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}{interval}"))
}

/// Rows that are shown of each hospital; JSON has all.
fn is_shown_by_source(row: &TransformFigures) -> bool {
    let changes = [Transform::FrameOfOtherClass, Transform::FrameAlone].map(Transform::name);
    Transform::from_name(&row.transform).is_none() || changes.contains(&row.transform.as_str())
}

fn table(audit: &Audit) -> String {
    let mut text = format!(
        "{:<22}{:>6}{:>24}{:>26}{:>13}{:>13}\n",
        "", "n", "AUROC", "drop", "sensitivity", "specificity"
    );
    audit.rows.iter().for_each(|row| line(&mut text, row));
    for of_source in &audit.by_source {
        text.push_str(&format!("{}:\n", of_source.source));
        of_source.rows.iter().filter(|row| is_shown_by_source(row)).for_each(|row| line(&mut text, row));
    }
    text
}

fn line(text: &mut String, row: &TransformFigures) {
    let rate = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{:<22}{:>6}{:>24}{:>26}{:>13}{:>13}",
        row.transform,
        row.images,
        with_interval(row.auroc, row.auroc_interval),
        with_interval(row.drop, row.drop_interval),
        rate(row.sensitivity.value),
        rate(row.specificity.value),
    );
}
