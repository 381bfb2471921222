//! The small classifier that is trained on the backbones' pooled features.

pub mod callbacks;
mod checkpoint;
mod config;
pub(crate) mod draws;
mod error;
mod model;
mod moment;
mod samples;
mod sampling;
#[cfg(test)]
mod tests;
mod training;
mod weights;

pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::{load, load_optimizer, module_bytes, read, unusable, write};
pub(crate) use config::class_weights;
pub use config::{ClassWeights, Keep, TrainingConfig};
pub use error::TrainingError;
pub(crate) use model::{DropoutMasks, Head, values};
pub use moment::{Moment, Step};
pub use samples::Samples;
pub(crate) use training::{ADAM_EPSILON, Sums, epoch_record, loss_of, sigmoid};
pub use training::{Epoch, Trained, probabilities, train};
pub use weights::{BatchNorm, Dense, HeadError, HeadWeights};
