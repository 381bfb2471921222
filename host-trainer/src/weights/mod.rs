//! Weights of the backbones: what they are, how they come in, where they are kept.

mod check;
mod error;
mod random;
mod set;

pub use error::{Problems, WeightsError};
pub use set::{Array, Conventions, Padding, Provenance, WeightSet};
