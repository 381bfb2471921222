//! What an evaluation shows to people: pictures, a report that is one file, a model card, tables.

mod gallery;
mod html;
mod model_card;
mod pictures;
pub mod plots;
mod provenance;
mod tables;

use std::path::{Path, PathBuf};

use crate::files::write_atomic;
use crate::metrics::threshold_csv;
use crate::pipeline::{Comparison, Detail, EvaluationRun};
use crate::run::RunRecord;
use plots::PlotError;
pub use provenance::is_of;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A picture could not be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// A table could not be put into words.
    #[error("{}: {reason}; report it with the figures", .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// A file could not be written.
    #[error("{}: the report could not be written: {source}; check the folder and its space", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
}

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The model file as it was named.
    pub model: &'a Path,
    /// The data folder as it was named.
    pub data: &'a Path,
    /// The figures.
    pub run: &'a EvaluationRun,
    /// The other figures.
    pub detail: &'a Detail,
    /// The run that the model was made from, for curves and options.
    pub training: Option<&'a RunRecord>,
    /// What quantising it changed on validation, with the images that it calls differently.
    pub quantised: Option<&'a Comparison>,
}

/// Writes `report.html`, `MODEL_CARD.md`, `scores.csv`, `thresholds.csv` and the folder `plots` with every picture as
/// SVG and PNG. Files of an earlier report there are replaced. The report holds images of the errors: it is as
/// confidential as they are.
///
/// # Errors
/// [`ReportError`] names the file that could not be written.
pub fn write(folder: &Path, subject: &Subject<'_>) -> Result<(), ReportError> {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        write_atomic(&path, bytes).map_err(|source| ReportError::Io { path, source })
    };
    let pictures = pictures::draw(subject)?;
    for picture in pictures.evaluation.iter().chain(&pictures.training) {
        file(&format!("plots/{}.svg", picture.name), picture.svg.as_bytes())?;
        file(&format!("plots/{}.png", picture.name), &plots::png(&picture.svg)?)?;
    }
    let scores = tables::scores_csv(&subject.run.images)
        .map_err(|reason| ReportError::Table { path: folder.join("scores.csv"), reason })?;
    file("scores.csv", &scores)?;
    file("thresholds.csv", threshold_csv(&subject.detail.thresholds).as_bytes())?;
    file("MODEL_CARD.md", model_card::render(subject).as_bytes())?;
    // Last: where the report is, the rest is too.
    file("report.html", html::render(subject, &pictures).as_bytes())
}
