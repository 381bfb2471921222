//! Fits what a model's gate knows of X-rays: where their features lie, where others do, and where the border is.
//! [`xray_core::gate`] says how it is used.

mod covariance;
mod error;
mod fit;
mod limits;

pub use covariance::{Whitening, shrunk_covariance};
pub use error::QualityGateError;
pub use fit::{QualityGateSamples, fit};

/// Views of each image that a quality gate is fitted on: unchanged, and changed in three ways.
pub const VIEWS_PER_IMAGE: usize = 4;
