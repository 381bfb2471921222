//! Records for people and for other programs.

use std::io::{self, Write};

use serde::Serialize;

use super::entry::Record;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One line a record, for people.
    Text,
    /// Comma-separated, with a header.
    Csv,
    /// One JSON object a line.
    Json,
}

/// A record as other programs see it. It holds all that its hash covers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordRow {
    pub sequence: u64,
    /// When it was recorded (RFC 3339, UTC).
    pub recorded: String,
    /// The same in milliseconds since 1970.
    pub recorded_ms: i64,
    /// Whether the clock had been set.
    pub time_trusted: bool,
    /// `no-result`, or the finding.
    pub outcome: &'static str,
    /// 0..1; only where there is a finding.
    pub probability: Option<f64>,
    /// The model's threshold, 0..1.
    pub threshold: f64,
    /// Why there is no result.
    pub reasons: Vec<String>,
    /// Where the image came from.
    pub origin: &'static str,
    /// SHA-256 of the image: its image ID.
    #[serde(rename = "content")]
    pub image_id: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the model.
    pub model: String,
    /// From its source into the store, in microseconds.
    pub intake_us: u64,
    /// Screening, in microseconds.
    pub screening_us: u64,
    /// Hash of the record before.
    pub previous: String,
    /// Hash of this record.
    pub hash: String,
}

impl RecordRow {
    /// The row of a record.
    pub fn of(record: &Record) -> Self {
        let entry = &record.entry;
        RecordRow {
            sequence: record.sequence,
            recorded: entry.recorded.rfc3339(),
            recorded_ms: entry.recorded.unix_ms,
            time_trusted: entry.recorded.trusted,
            outcome: entry.outcome.code(),
            probability: entry.outcome.probability(),
            threshold: entry.threshold,
            reasons: entry.outcome.reasons().to_vec(),
            origin: entry.origin.code(),
            image_id: entry.image_id.to_string(),
            bytes: entry.bytes,
            model: entry.model.to_string(),
            intake_us: entry.durations.intake_us,
            screening_us: entry.durations.screening_us,
            previous: record.previous.to_string(),
            hash: record.hash.to_string(),
        }
    }

    /// The columns of a CSV, in the order of [`RecordRow::cells`].
    const HEADER: [&'static str; 16] = [
        "sequence",
        "recorded",
        "recorded_ms",
        "time_trusted",
        "outcome",
        "probability",
        "threshold",
        "reasons",
        "origin",
        "content",
        "bytes",
        "model",
        "intake_us",
        "screening_us",
        "previous",
        "hash",
    ];

    fn cells(&self) -> [String; 16] {
        [
            self.sequence.to_string(),
            self.recorded.clone(),
            self.recorded_ms.to_string(),
            self.time_trusted.to_string(),
            self.outcome.to_owned(),
            self.probability.map_or_else(String::new, |p| p.to_string()),
            self.threshold.to_string(),
            self.reasons.join(" "),
            self.origin.to_owned(),
            self.image_id.clone(),
            self.bytes.to_string(),
            self.model.clone(),
            self.intake_us.to_string(),
            self.screening_us.to_string(),
            self.previous.clone(),
            self.hash.clone(),
        ]
    }
}

/// One line for people. A record without a verdict says so in capitals and shows no number.
pub fn line(record: &Record) -> String {
    let entry = &record.entry;
    let doubt = if entry.recorded.trusted { ' ' } else { '?' };
    let why = match entry.outcome.probability() {
        Some(probability) => format!("{probability:.4}"),
        None => entry.outcome.reasons().join(" "),
    };
    let image_id = entry.image_id.to_string();
    format!(
        "{:>6}  {:<24}{doubt}  {:<20}  {:<9}  {}  {why}",
        record.sequence,
        entry.recorded.rfc3339(),
        entry.outcome.words(),
        entry.origin.code(),
        &image_id[..12],
    )
}

/// Writes records one after another.
pub struct Exporter<W: Write> {
    out: ExportWriter<W>,
}

enum ExportWriter<W: Write> {
    Lines(W),
    Csv(Box<csv::Writer<W>>),
    Json(W),
}

impl<W: Write> Exporter<W> {
    /// Begins with the header, where the form has one.
    ///
    /// # Errors
    /// What `out` says.
    pub fn new(form: ExportFormat, out: W) -> io::Result<Self> {
        let out = match form {
            ExportFormat::Text => ExportWriter::Lines(out),
            ExportFormat::Json => ExportWriter::Json(out),
            ExportFormat::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(RecordRow::HEADER)?;
                ExportWriter::Csv(Box::new(writer))
            }
        };
        Ok(Exporter { out })
    }

    /// Writes one record.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        match &mut self.out {
            ExportWriter::Lines(out) => writeln!(out, "{}", line(record)),
            ExportWriter::Csv(writer) => Ok(writer.write_record(RecordRow::of(record).cells())?),
            ExportWriter::Json(out) => writeln!(out, "{}", serde_json::to_string(&RecordRow::of(record))?),
        }
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// What `out` says.
    pub fn end(self) -> io::Result<()> {
        match self.out {
            ExportWriter::Lines(mut out) | ExportWriter::Json(mut out) => out.flush(),
            ExportWriter::Csv(mut writer) => writer.flush(),
        }
    }
}
