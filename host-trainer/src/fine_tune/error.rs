//! Why backbones could not be trained.

use std::path::PathBuf;

use crate::head::TrainingError;
use crate::weights::WeightsError;

/// Why backbones could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum FineTuneError {
    /// The text is no rule.
    #[error(
        "`{given}` says nothing to unfreeze; use `all`, or NET or NET:STAGE.. with commas between, such as densenet169:denseblock4..,mobilenet-v2:17.."
    )]
    Rule {
        /// What was given.
        given: String,
    },
    #[error(
        "{backbone} is not in the stacked model: name it with `--backbones`, or leave it out of `--unfreeze`"
    )]
    NotInModel {
        /// The net.
        backbone: &'static str,
    },
    /// A net has no such stage.
    #[error("{backbone} has no stage `{stage}`; it has {stages}")]
    Stage {
        /// The net.
        backbone: &'static str,
        /// What was asked for.
        stage: String,
        /// Its stages.
        stages: String,
    },
    /// Nothing to train on.
    #[error("no device was named to train on; name one with `--device`")]
    NoDevice,
    #[error("at least one epoch is needed; use `--fine-tune-epochs 1` or more, or leave `--unfreeze` out")]
    NoEpochs,
    /// A step size that is none.
    #[error("`--fine-tune-rate` {value} is no step size; use a number above 0, such as 1e-5")]
    Rate {
        /// What was asked for.
        value: String,
    },
    /// An image could not be read.
    #[error("{}: {reason}; remove it from the data, or repair it", .path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Weights do not fit their net.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The head, its checkpoint or the device.
    #[error(transparent)]
    Training(#[from] TrainingError),
}
