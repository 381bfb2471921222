//! The small classifier that is trained on the backbones' pooled features.

pub mod callbacks;
mod checkpoint;
mod config;
mod draws;
mod error;
mod model;
mod samples;
#[cfg(test)]
mod tests;
mod training;
mod weights;

pub use checkpoint::Checkpoint;
pub use config::{ClassWeights, Keep, TrainingConfig};
pub use error::TrainingError;
pub use samples::Samples;
pub use training::{Epoch, Trained, train};
pub use weights::{BatchNorm, Dense, HeadError, HeadWeights};
