//! Weights of the backbones: what they are, how they come in, where they are kept.

mod set;

pub use set::{Array, Conventions, Padding, Provenance, WeightSet};

/// What can go wrong with weights.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum WeightsError {
    /// Tensors that the net needs are not there.
    #[error("weights for {backbone}: {} tensor(s) missing: {}", .tensors.len(), .tensors.join(", "))]
    Missing {
        /// The net.
        backbone: String,
        /// The names that were looked for.
        tensors: Vec<String>,
    },
}
