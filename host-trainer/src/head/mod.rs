//! The small classifier that is trained on the backbones' pooled features.

mod error;
mod model;
#[cfg(test)]
mod tests;
mod training;
mod weights;

pub use error::TrainingError;
pub use model::{HIDDEN_1, HIDDEN_2};
pub use training::{Epoch, Samples, Trained, TrainingConfig, train};
pub use weights::{BatchNorm, Dense, HeadError, HeadWeights};
