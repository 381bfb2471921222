//! The report of an evaluation: one HTML file, a model card, plots and tables.

mod audit;
mod gallery;
mod html;
mod model_card;
mod pictures;
pub mod plots;
mod provenance;
mod tables;

use std::path::{Path, PathBuf};

use crate::data::DataSource;
use crate::evaluation::{EvaluationDetails, Int8Comparison, ModelAudit, ModelEvaluation};
use crate::metrics::threshold_csv;
use crate::run::RunRecord;
use plots::PlotError;
pub use provenance::is_of;
use xray_core::files::{PUBLIC, write_atomic};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error("{}: {reason}; report it with the figures", .path.display())]
    Table { path: PathBuf, reason: String },
    #[error("{}: the report could not be written: {source}; check the folder and its space", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

/// What a report shows.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    pub model: &'a Path,
    /// The folders of the evaluated images.
    pub sources: &'a [DataSource],
    pub evaluation: &'a ModelEvaluation,
    pub details: &'a EvaluationDetails,
    /// The audit on the same images, if there was one.
    pub audit: Option<&'a ModelAudit>,
    /// The run that the model was made from, for curves and options.
    pub training: Option<&'a RunRecord>,
    /// What quantising changed on the validation images.
    pub quantised: Option<&'a Int8Comparison>,
}

/// Writes `report.html`, `MODEL_CARD.md`, `scores.csv`, `thresholds.csv` and the folder `plots` with every picture as
/// SVG and PNG. Files of an earlier report there are replaced. The report holds images of the errors: it is as
/// confidential as they are.
///
/// # Errors
/// [`ReportError`] names the file that could not be written.
pub fn write(folder: &Path, input: &ReportInput<'_>) -> Result<(), ReportError> {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        write_atomic(&path, bytes, PUBLIC).map_err(|source| ReportError::Io { path, source })
    };
    let pictures = pictures::draw(input)?;
    for picture in pictures.evaluation.iter().chain(&pictures.training) {
        file(&format!("plots/{}.svg", picture.name), picture.svg.as_bytes())?;
        file(&format!("plots/{}.png", picture.name), &plots::png(&picture.svg)?)?;
    }
    let scores = tables::scores_csv(&input.evaluation.images)
        .map_err(|reason| ReportError::Table { path: folder.join("scores.csv"), reason })?;
    file("scores.csv", &scores)?;
    file("thresholds.csv", threshold_csv(&input.details.thresholds).as_bytes())?;
    file("MODEL_CARD.md", model_card::render(input).as_bytes())?;
    // Last: where the report is, the rest is too.
    file("report.html", html::render(input, &pictures).as_bytes())
}
