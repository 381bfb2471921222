//! `report`: one record as a file for people and archives.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xray_core::files;
use xray_core::package::PackageFile;
use xray_decode::Decoder;

use crate::models::DEFAULT_STORE;
use crate::records::{Record, RecordReader, RecordSelector, mark_one_reported};
use crate::status::ModelFacts;
use crate::ui::i18n::{Language, Translation};
use crate::ui::report::{self, ReportData};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// One HTML file to print on A4.
    #[default]
    Html,
    /// DICOM Secondary Capture: the X-ray with heat map and verdict burnt in.
    SecondaryCapture,
    /// DICOM structured report (Comprehensive SR).
    StructuredReport,
}

/// How a report is written.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// Folder of the records.
    pub store: PathBuf,
    pub format: ReportFormat,
    /// Language of the HTML.
    pub language: Language,
    /// The model that screened the record; without it, it is searched in `models`.
    pub model: Option<PathBuf>,
    pub models: PathBuf,
    /// Replace a file that exists.
    pub replace: bool,
    pub mark_reported: bool,
    /// What decodes the image.
    pub decoder: Decoder,
}

impl Default for ReportOptions {
    fn default() -> Self {
        ReportOptions {
            store: crate::STORE.into(),
            format: ReportFormat::default(),
            language: Language::English,
            model: None,
            models: DEFAULT_STORE.into(),
            replace: false,
            mark_reported: false,
            decoder: Decoder::default(),
        }
    }
}

/// A report that was written.
pub struct WrittenReport {
    pub record: Record,
    /// Size of the file.
    pub bytes: usize,
    /// Whether the record was marked as reported just now; none if that was not asked for.
    pub marked: Option<bool>,
    /// Whether the model that screened it was found.
    pub model_known: bool,
}

/// Writes the report of a record. `selector` is its number, or the first digits of its image ID.
///
/// # Errors
/// If the record cannot be found or shown, or a file cannot be written.
pub fn write(selector: &str, file: &Path, options: &ReportOptions) -> Result<WrittenReport> {
    let reader = RecordReader::open(&options.store)?;
    let record = find(&reader, selector)?;
    let model = model(options, &record)?;
    let data = ReportData::of(&reader, &options.decoder, record, model)?;
    let language = options.language;
    let bytes = match options.format {
        ReportFormat::Html => report::html(&data, &Translation::of(language)?, None).into_bytes(),
        ReportFormat::SecondaryCapture => report::dicom::capture(&data)?,
        ReportFormat::StructuredReport => report::dicom::structured(&data)?,
    };
    write_file(file, &bytes, options.replace)?;
    let sequence = data.record.sequence;
    // After the file exists: a report that was not written does not count.
    let marked = options.mark_reported.then(|| mark_one_reported(&options.store, sequence)).transpose()?;
    Ok(WrittenReport { model_known: data.model.is_some(), record: data.record, bytes: bytes.len(), marked })
}

/// What the model of a record says of itself; none if it was not found.
fn model(options: &ReportOptions, record: &Record) -> Result<Option<ModelFacts>> {
    let hash = record.entry.model;
    let file = options.model.clone().unwrap_or_else(|| options.models.join(format!("{hash}.onnx")));
    if options.model.is_none() && !file.is_file() {
        return Ok(None);
    }
    let package = PackageFile::read(&file)?.verify()?;
    if package.sha256() != hash.to_string() {
        bail!("{}: another model screened this record, {hash}; name that one with --model", file.display());
    }
    Ok(Some(ModelFacts::of(package.contract(), hash, &file.display().to_string(), "")))
}

fn find(reader: &RecordReader, selector: &str) -> Result<Record> {
    let Some(parsed) = RecordSelector::parse(selector) else {
        bail!("{selector:?} is neither a record's number nor at least 4 digits of an image ID (SHA-256)");
    };
    let mut found = reader.selected(&parsed, 2)?;
    match (found.pop(), found.pop()) {
        (Some(record), None) => Ok(record),
        (None, _) => bail!("there is no record {selector}; `edge-runtime records list` shows them"),
        (Some(_), Some(_)) => bail!("several images begin with {selector}; give more digits"),
    }
}

fn write_file(file: &Path, bytes: &[u8], replace: bool) -> Result<()> {
    let name = file.display();
    let write = if replace { files::write_atomic } else { files::write_new };
    match write(file, bytes, files::PUBLIC) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !replace => {
            bail!("{name}: is there already; give --force to replace it")
        }
        other => {
            other.with_context(|| format!("{name}: could not be written; check the folder and its space"))
        }
    }
}
