//! Pictures of how a model does, each drawn as SVG; PNG is the same drawing in dots.
//!
//! One file a picture. The colours are distinguishable for people who cannot tell red from green (Okabe and Ito); no picture
//! says by colour alone what it says.

mod accuracy;
mod canvas;
mod confusion;
mod curves;
mod histogram;
mod learning_rate;
mod loss;
mod precision_recall;
mod raster;
mod reliability;
mod roc;

pub use accuracy::accuracy;
pub use confusion::confusion;
pub use histogram::histogram;
pub use learning_rate::learning_rate;
pub use loss::loss;
pub use precision_recall::precision_recall;
pub use raster::png;
pub use reliability::reliability_diagram;
pub use roc::roc;

/// Why a picture could not be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlotError {
    #[error("a picture could not be drawn: {reason}; report it with the figures")]
    Drawing { reason: String },
    #[error("a picture could not be written as PNG: {reason}; take the SVG instead")]
    Raster { reason: String },
}

impl<E: std::error::Error + Send + Sync> From<plotters::drawing::DrawingAreaErrorKind<E>> for PlotError {
    fn from(error: plotters::drawing::DrawingAreaErrorKind<E>) -> Self {
        PlotError::Drawing { reason: error.to_string() }
    }
}

/// A finished picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The name of its files, without extension.
    pub name: &'static str,
    /// What it shows, in a line.
    pub caption: String,
    pub svg: String,
}

/// The point at which a model works, with what is known of it there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkingPoint {
    /// Calibrated probabilities of this or more are called positive.
    pub threshold: f64,
    /// Ends of the abstain band, if there is one.
    pub band: Option<(f64, f64)>,
}
