//! `report`: one record for people and archives.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use xray_core::package::PackageFile;

use crate::models::DEFAULT_STORE;
use crate::status::ModelFacts;
use crate::ui::report::{self, ReportData};
use crate::ui::i18n::{Language, Translation};
use crate::records::{RecordReader, Record, RecordSelector, mark_one_reported};

const HELP: &str = "\
Examples:
  edge-runtime report --record 17 --out report.html --lang fr
  edge-runtime report --record 3f9a --format sc --out image.dcm
  edge-runtime report --record 17 --format sr --out report.dcm --mark-reported

Where the X-ray came as a DICOM file, both DICOM files belong to its patient and study and refer to it. The files hold
an X-ray or what was found on it: keep them as you keep X-rays.

Exit status: 0 the file was written; 1 it was not; 2 wrong usage.";

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportForm {
    /// One HTML file to print on A4
    Html,
    /// DICOM Secondary Capture: the X-ray with heat map and verdict burnt in
    #[cfg(feature = "dicom")]
    Sc,
    /// DICOM structured report (Comprehensive SR)
    #[cfg(feature = "dicom")]
    Sr,
}

/// The arguments of `report`.
#[derive(Args)]
#[command(after_help = HELP)]
pub struct ReportArgs {
    /// The record: its number, or the first digits of the SHA-256 of its image (at least 4)
    #[arg(long, value_name = "NUMBER|HASH")]
    record: String,
    /// The file to write; one that is there is not replaced unless --force is given
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What is written
    #[arg(long, value_enum, default_value = "html")]
    format: ReportForm,
    /// Language of the HTML: en, fr, sw, zh
    #[arg(long, value_name = "CODE", default_value = "en")]
    lang: Language,
    /// Also mark the record as reported, so that its image file may go when room is needed
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
    /// The model that screened it, whose word about itself goes into the report. Not given: it is looked for among the
    /// models of this board
    #[arg(long, value_name = "FILE.onnx")]
    model: Option<PathBuf>,
    /// The models of this board
    #[arg(long, value_name = "DIR", default_value = DEFAULT_STORE, conflicts_with = "model")]
    models: PathBuf,
}

/// Writes a report.
///
/// # Errors
/// If the record cannot be found or shown, or a file cannot be written.
pub fn run(args: &ReportArgs, out: &mut impl Write) -> Result<()> {
    let reader = RecordReader::open(&args.store)?;
    let record = find(&reader, &args.record)?;
    let model = model(args, &record)?;
    let data = ReportData::of(&reader, record, model)?;
    let file = match args.format {
        ReportForm::Html => report::html(&data, (&Translation::of(args.lang)?, args.lang), None).into_bytes(),
        #[cfg(feature = "dicom")]
        ReportForm::Sc => report::dicom::capture(&data)?,
        #[cfg(feature = "dicom")]
        ReportForm::Sr => report::dicom::structured(&data)?,
    };
    write(&args.out, &file, args.force)?;
    let record = &data.record;
    // After the file is there: a report that was not written is none.
    let marked = args.mark_reported.then(|| mark_one_reported(&args.store, record.sequence)).transpose()?;
    let name = args.out.display();
    if args.json {
        let said = serde_json::json!({
            "record": record.sequence,
            "outcome": record.entry.outcome.code(),
            "file": name.to_string(),
            "bytes": file.len(),
            "marked": marked,
        });
        return Ok(writeln!(out, "{said}")?);
    }
    let note = match marked {
        None => "",
        Some(true) => "; marked as reported",
        Some(false) => "; it was marked as reported before",
    };
    if data.model.is_none() {
        let _ = writeln!(
            io::stderr(),
            "the model that screened it is not at hand, so the report does not say whether it is one of random weights \
             or in which band it does not decide; name its file with --model"
        );
    }
    Ok(writeln!(out, "{name}: record {}, {}{note}", record.sequence, record.entry.outcome.words())?)
}

/// What the model of a record says of itself; none if it is not at hand.
fn model(args: &ReportArgs, record: &Record) -> Result<Option<ModelFacts>> {
    let hash = record.entry.model;
    let file = args.model.clone().unwrap_or_else(|| args.models.join(format!("{hash}.onnx")));
    if args.model.is_none() && !file.is_file() {
        return Ok(None);
    }
    let package = PackageFile::read(&file)?.verify()?;
    if package.sha256() != hash.to_string() {
        bail!("{}: another model screened this record, {hash}", file.display());
    }
    Ok(Some(ModelFacts::of(package.contract(), hash, &file.display().to_string(), "")))
}

fn find(reader: &RecordReader, which: &str) -> Result<Record> {
    let Some(study) = RecordSelector::parse(which) else {
        bail!("{which:?} is neither a record's number nor at least 4 digits of the SHA-256 of an image");
    };
    let mut found = reader.selected(&study, 2)?;
    match (found.pop(), found.pop()) {
        (Some(record), None) => Ok(record),
        (None, _) => bail!("there is no record {which}; `edge-runtime records list` shows them"),
        (Some(_), Some(_)) => bail!("several images begin with {which}; give more digits"),
    }
}

fn write(file: &Path, bytes: &[u8], force: bool) -> Result<()> {
    let name = || file.display().to_string();
    let mut options = OpenOptions::new();
    options.write(true).create(force).truncate(force).create_new(!force);
    let mut opened = match options.open(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{}: is there already; give --force to replace it", name())
        }
        other => other.with_context(|| format!("{}: could not be created", name()))?,
    };
    let written = opened.write_all(bytes).and_then(|()| opened.sync_all());
    if written.is_err() {
        // Half a report is none.
        let _ = fs::remove_file(file);
    }
    written.with_context(|| format!("{}: could not be written", name()))
}
