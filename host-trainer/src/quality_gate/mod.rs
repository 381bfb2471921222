//! Fits the quality gate of a model: where features of X-rays lie, where those of other pictures lie, and the limits between
//! them. [`xray_core::quality_gate`] applies it.

mod covariance;
mod error;
mod fit;
mod limits;

pub use covariance::{Whitening, shrunk_covariance};
pub use error::QualityGateError;
pub use fit::{QualityGateSamples, fit};

/// Views of each image that a quality gate is fitted on: unchanged, and changed in three ways.
pub const VIEWS_PER_IMAGE: usize = 4;
