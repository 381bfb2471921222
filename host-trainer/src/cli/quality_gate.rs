//! `host-trainer gate`: measures the quality gate.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::args::ImageSetArgs;
use super::progress::Reporter;
use crate::commands::quality_gate::{QualityGateOptions, measure_quality_gate};
use crate::data::{SourceSplits, Split};
use crate::evaluation::{ExpectedOutcome, QualityGateRow, QualityGateTable};

/// Arguments of `gate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer gate --model models/first.onnx --data chest_xray
  host-trainer gate --model models/first.onnx --data chest_xray --splits splits.csv --others pictures
  host-trainer gate --model models/first.onnx --data chest_xray --others pictures --images 300 --json > gate.json

X-rays are used unchanged, changed as other operators and devices might have taken them, and in ways that must be refused:
rotated, inverted, out of focus. The drawn pictures differ from those that quality gates are fitted on. Nothing is chosen
here.")]
pub struct QualityGateArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    #[command(flatten)]
    images: ImageSetArgs,
    /// Take the validation images of this CSV file (columns path,role,patient) instead of a folder; of several hospitals
    /// NAME=FILE
    #[arg(long, value_name = "[NAME=]FILE", conflicts_with = "split")]
    splits: Vec<SourceSplits>,
    /// Folder of more chest X-rays from the front, which should not be refused; each folder in it is a row of the table
    #[arg(long, value_name = "DIR")]
    x_rays: Option<PathBuf>,
    /// Folder of pictures that are no chest X-rays, such as photographs; each folder in it is a row of the table
    #[arg(long, value_name = "DIR")]
    others: Option<PathBuf>,
    /// Number of X-rays for each change and of drawn pictures for each kind; all unchanged X-rays are used
    #[arg(long = "images", value_name = "N", default_value_t = QualityGateOptions::COUNT)]
    count: usize,
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
}

pub fn run(args: QualityGateArgs) -> anyhow::Result<ExitCode> {
    let mut set = args.images.set(args.splits)?;
    if set.has_splits() {
        set.split = Split::Val;
    }
    let options = QualityGateOptions { set, x_rays: args.x_rays, others: args.others, count: args.count };
    let mut reporter = Reporter::new(args.quiet);
    let table = measure_quality_gate(&args.model, &options, &mut |event| reporter.show(event))?;
    if args.json {
        println!("{}", serde_json::to_string(&table)?);
    } else {
        print!("{}", render(&table));
    }
    Ok(ExitCode::SUCCESS)
}

/// The table as Markdown.
fn render(table: &QualityGateTable) -> String {
    let mut text = format!("X-rays of {}, model {}\n\n", table.images, table.model);
    text.push_str("| picture | should be | n | refused | rate | 95% interval | reasons |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for row in &table.rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", render_row(row));
    }
    text
}

fn render_row(row: &QualityGateRow) -> String {
    let expected = match row.expected {
        ExpectedOutcome::Accepted => "accepted",
        ExpectedOutcome::Refused => "refused",
    };
    let percent = |part: f64| format!("{:.1}%", 100.0 * part);
    let rate = if row.n == 0 { "-".to_owned() } else { percent(row.refused as f64 / row.n as f64) };
    let interval =
        row.interval.map_or_else(|| "-".to_owned(), |i| format!("{} to {}", percent(i.low), percent(i.high)));
    let reasons: Vec<String> = row.reasons.iter().map(|(code, count)| format!("{code} {count}")).collect();
    let (group, kind, n, refused) = (row.group, &row.kind, row.n, row.refused);
    format!(
        "| {group}: {kind} | {expected} | {n} | {refused} | {rate} | {interval} | {} |",
        reasons.join(", ")
    )
}
