//! `report`: one record for people and archives.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use xray_core::screening::printable;

use super::{print, print_json};
use crate::commands::report::{self, ReportFormat, ReportOptions};
use crate::models::DEFAULT_STORE;
use crate::ui::i18n::Language;

const HELP: &str = "\
Examples:
  edge-runtime report --record 17 --out report.html --lang fr
  edge-runtime report --record 3f9a --format sc --out image.dcm
  edge-runtime report --record 17 --format sr --out report.dcm --mark-reported

Where the X-ray came as a DICOM file, both DICOM files belong to its patient and study, and refer to it. The files hold
an X-ray or what was found on it: keep them as you keep X-rays.

Exit status: 0 the file was written; 1 it was not; 2 wrong usage.";

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// One HTML file to print on A4
    Html,
    /// DICOM Secondary Capture: the X-ray with heat map and verdict burnt in
    Sc,
    /// DICOM structured report (Comprehensive SR)
    Sr,
}

impl From<FormatArg> for ReportFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Html => ReportFormat::Html,
            FormatArg::Sc => ReportFormat::SecondaryCapture,
            FormatArg::Sr => ReportFormat::StructuredReport,
        }
    }
}

/// The arguments of `report`.
#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct ReportArgs {
    /// The record: its number, or the first digits (at least 4) of its image ID (SHA-256)
    #[arg(long, value_name = "NUMBER|HASH")]
    record: String,
    /// The file to write; one that is there is not replaced unless --force is given
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What is written
    #[arg(long, value_enum, default_value = "html")]
    format: FormatArg,
    /// Language of the HTML: en, fr, sw, zh
    #[arg(long, value_name = "CODE", default_value = "en")]
    lang: Language,
    /// Also mark the record as reported, so that its image file may be deleted when space is needed
    #[arg(long)]
    mark_reported: bool,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// One JSON object about what was written
    #[arg(long)]
    json: bool,
    /// The folder that `[record]` in the configuration names
    #[arg(long, value_name = "DIR", default_value = crate::STORE)]
    store: PathBuf,
    /// The model that screened it; the report quotes what it says of itself [default: it is searched among the models of
    /// this board]
    #[arg(long, value_name = "FILE.onnx")]
    model: Option<PathBuf>,
    /// The models of this board
    #[arg(long, value_name = "DIR", default_value = DEFAULT_STORE, conflicts_with = "model")]
    models: PathBuf,
}

pub(super) fn run(args: &ReportArgs, out: &mut impl Write) -> Result<()> {
    let options = ReportOptions {
        store: args.store.clone(),
        format: args.format.into(),
        language: args.lang,
        model: args.model.clone(),
        models: args.models.clone(),
        replace: args.force,
        mark_reported: args.mark_reported,
        ..ReportOptions::default()
    };
    let written = report::write(&args.record, &args.out, &options)?;
    let (record, name) = (&written.record, args.out.display());
    if args.json {
        let object = serde_json::json!({
            "record": record.sequence,
            "outcome": record.entry.outcome.code(),
            "file": name.to_string(),
            "bytes": written.bytes,
            "marked": written.marked,
        });
        return print_json(out, &object);
    }
    let note = match written.marked {
        None => "",
        Some(true) => "; marked as reported",
        Some(false) => "; it was marked as reported before",
    };
    if !written.model_known {
        let _ = writeln!(
            std::io::stderr(),
            "the model that screened it was not found, so the report does not say whether its weights are random \
             or in which band it does not decide; name its file with --model"
        );
    }
    let name = printable(&name.to_string());
    print(out, &format!("{name}: record {}, {}{note}\n", record.sequence, record.entry.outcome.words()))
}
