//! Fits what a model's gate knows of X-rays: where their features lie, where others do, and where the border is.
//! [`xray_core::gate`] says how it is used.

mod covariance;
mod error;
mod fit;
mod limits;

pub use covariance::{Whitening, shrunk_covariance};
pub use error::GateError;
pub use fit::{GateSamples, fit};
