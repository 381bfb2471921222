//! The classifier head: the small net that is trained on the pooled features of the backbones.

pub mod callbacks;
mod checkpoint;
mod config;
mod epoch;
mod error;
mod event;
mod model;
pub(crate) mod rng;
mod samples;
mod sampling;
#[cfg(test)]
mod tests;
mod training;
mod weights;
mod weights_error;
mod weights_file;

pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::{load, load_optimizer, module_bytes, read, unusable, write};
pub(crate) use config::class_weights;
pub use config::{ClassWeights, Keep, TrainingConfig};
pub use epoch::Epoch;
pub(crate) use epoch::{TrainingSums, epoch_record, sigmoid};
pub use error::TrainingError;
pub use event::{Step, TrainingEvent};
pub(crate) use model::{DropoutMasks, Head, values};
pub use samples::Samples;
pub(crate) use training::{ADAM_EPSILON, loss_of};
pub use training::{TrainedHead, probabilities, train};
pub use weights::{BatchNorm, Dense, HeadWeights};
pub use weights_error::HeadError;
