//! The rows of a report, the same from every program, as text columns or JSON lines.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use xray_intake::{printable, printable_json};

use super::{NoResult, ScreenedPath, Screener, Screening, Summary};
use crate::decision::Finding;
use crate::heat_map::HeatMap;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// Columns for people. `header` puts a line with their names before them.
    Text {
        /// Whether the names of the columns come first.
        header: bool,
    },
    /// One JSON object a line.
    JsonLines,
}

/// A file with a verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictRow {
    /// The image file.
    pub file: String,
    /// Calibrated probability of the positive label, 0..1.
    pub probability: f64,
    /// [`Finding::code`].
    pub verdict: &'static str,
    /// Time for reading, preparing and running, in milliseconds.
    pub milliseconds: f64,
    /// SHA-256 of the model file (hex).
    pub model: String,
    /// The model's threshold, 0..1.
    pub threshold: f64,
    /// Its heat map, where it was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heat_map: Option<DrawnHeatMap>,
    #[serde(skip)]
    words: &'static str,
}

/// A heat map and the picture of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DrawnHeatMap {
    /// The picture: the X-ray with the heat map over it, PNG.
    pub file: String,
    /// `side` and `values`.
    #[serde(flatten)]
    pub map: HeatMap,
}

/// A path without a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoResultRow {
    /// The image file, or the path that gave none.
    pub file: String,
    /// Always `no-result`.
    pub verdict: &'static str,
    /// [`NoResult::code`].
    pub reason: &'static str,
    /// [`NoResult::codes`].
    pub reasons: Vec<&'static str>,
    /// What happened, to which file, and what to do.
    pub message: String,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ReportRow {
    /// With a verdict.
    Read(VerdictRow),
    /// Without one.
    NoResult(NoResultRow),
}

/// Width of the column with the verdict: that of the longest one.
const VERDICT_WIDTH: usize = 20;

impl ReportRow {
    /// The row of an item that `screener` gave.
    pub fn new(screener: &Screener, item: &ScreenedPath) -> ReportRow {
        let file = item.file.display().to_string();
        match &item.outcome {
            Ok(screening) => ReportRow::read(screener, file, screening, item.picture.as_deref()),
            Err(problem) => ReportRow::no_result(file, problem),
        }
    }

    fn read(screener: &Screener, file: String, screening: &Screening, picture: Option<&Path>) -> ReportRow {
        let verdict = screening.verdict;
        let finding: Finding = verdict.finding();
        let microseconds = screening.took.as_micros() as f64;
        ReportRow::Read(VerdictRow {
            file,
            probability: verdict.probability().value(),
            verdict: finding.code(),
            milliseconds: microseconds / 1000.0,
            model: screener.model_sha256().to_owned(),
            threshold: screener.contract().threshold,
            heat_map: picture
                .zip(screening.heat_map.clone())
                .map(|(picture, map)| DrawnHeatMap { file: picture.display().to_string(), map }),
            words: finding.words(),
        })
    }

    fn no_result(file: String, problem: &NoResult) -> ReportRow {
        let (reason, message) = (problem.code(), problem.to_string());
        ReportRow::NoResult(NoResultRow {
            file,
            verdict: "no-result",
            reason,
            reasons: problem.codes(),
            message,
        })
    }

    /// One line for people, without its end. A row without a verdict begins with `NO RESULT` in capitals
    /// and holds no number, so that it cannot be taken for a finding.
    pub fn render_text(&self) -> String {
        match self {
            ReportRow::Read(row) => format!(
                "{:<VERDICT_WIDTH$}  {:>11.4}  {:>8.1}  {}",
                row.words,
                row.probability,
                row.milliseconds,
                printable(&row.file)
            ),
            ReportRow::NoResult(row) => {
                format!("{:<VERDICT_WIDTH$}  {}", "NO RESULT", printable(&row.message))
            }
        }
    }

    /// One JSON object, without the line's end; [`printable_json`].
    ///
    /// # Errors
    /// The serializer's, as an I/O error; a row holds nothing that it refuses.
    pub fn render_json(&self) -> io::Result<String> {
        Ok(printable_json(&serde_json::to_string(self)?))
    }
}

/// Writes a row for each item as soon as it is there, flushed, so that a reader sees it at once.
/// `each` is called with every item after its row was written.
///
/// # Errors
/// What `out` gives, such as [`io::ErrorKind::BrokenPipe`]; nothing more is screened then.
pub fn write_rows(
    screener: &Screener,
    items: impl Iterator<Item = ScreenedPath>,
    format: ReportFormat,
    out: &mut impl Write,
    mut each: impl FnMut(&ScreenedPath),
) -> io::Result<Summary> {
    let mut summary = Summary::default();
    if format == (ReportFormat::Text { header: true }) {
        writeln!(out, "{:<VERDICT_WIDTH$}  {:>11}  {:>8}  FILE", "VERDICT", "PROBABILITY", "MS")?;
        out.flush()?;
    }
    for item in items {
        let row = ReportRow::new(screener, &item);
        let line = match format {
            ReportFormat::Text { .. } => row.render_text(),
            ReportFormat::JsonLines => row.render_json()?,
        };
        writeln!(out, "{line}")?;
        out.flush()?;
        summary.count(&item);
        each(&item);
    }
    Ok(summary)
}
