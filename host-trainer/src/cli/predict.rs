//! `host-trainer predict`: the same as `edge-runtime screen`, by the same code.

use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use xray_core::decision::DISCLAIMER;
use xray_core::package::RANDOM_WARNING;
use xray_core::screening::{ReportFormat, Screener, printable, screen_paths_with, write_rows};

use super::SOME_UNREAD;
use crate::decoding;

/// Arguments of `predict`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer predict --model models/first.onnx image.jpeg
  host-trainer predict --model models/first.onnx --json folder/ > verdicts.jsonl")]
pub struct PredictArgs {
    /// Model file
    #[arg(long, value_name = "FILE.onnx")]
    model: PathBuf,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Images, or folders that are searched for them
    #[arg(required = true, value_name = "IMAGE|DIR")]
    paths: Vec<PathBuf>,
}

pub fn run(args: PredictArgs) -> anyhow::Result<ExitCode> {
    let screener = Screener::load(&args.model)?;
    for warning in screener.warnings() {
        eprintln!("warning: {}", printable(warning));
    }
    if screener.contract().has_random_backbones() {
        eprintln!("{RANDOM_WARNING}");
    }
    eprintln!("{DISCLAIMER}");
    let format = match args.json {
        true => ReportFormat::JsonLines,
        false => ReportFormat::Text { header: stdout().is_terminal() },
    };
    let screen_one = |file: &Path| screener.screen_decoded(file, decoding::image_to_screen);
    let items = screen_paths_with(&args.paths, screen_one);
    let summary = write_rows(&screener, items, format, &mut stdout().lock(), |_| {})
        .context("the rows could not be written to standard output")?;
    eprintln!("{summary}");
    Ok(if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(SOME_UNREAD) })
}
