//! Why a backbone could not be trained.

use std::path::PathBuf;

use crate::fine_tune::FineTuneError;
use crate::head::TrainingError;
use crate::weights::WeightsError;

/// Why a backbone could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum BackboneTrainingError {
    #[error(
        "`{given}` says no passes; write PASSESxPIXELS with commas between, such as 4x128,2x160,3x224, with pixels that are a multiple of 32 from 64 to 1024"
    )]
    Sizes { given: String },
    #[error(
        "`{given}` names no teacher; write NET=FILE, such as mobilenet-v2=mobilenet_v2-hardened.safetensors"
    )]
    Teacher { given: String },
    #[error("`--{name}` {value} is not {range}")]
    Range { name: &'static str, range: &'static str, value: String },
    #[error("{}: {reason}; remove it from the data, or repair it", .path.display())]
    Image { path: PathBuf, reason: String },
    #[error("the loss is no number any more in pass {pass}; use a smaller `--backbone-rate`")]
    Diverged {
        /// Counted from 1.
        pass: usize,
    },
    #[error(
        "the training images of {backbone} are all of one class or fewer than 2; add some of both classes"
    )]
    TooFewImages { backbone: &'static str },
    #[error(transparent)]
    Layers(#[from] FineTuneError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Training(#[from] TrainingError),
}
