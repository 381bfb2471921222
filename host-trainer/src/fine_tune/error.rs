//! Why backbones could not be trained.

use std::path::PathBuf;

use crate::head::TrainingError;
use crate::weights::WeightsError;

/// Why backbones could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum FineTuneError {
    #[error(
        "`{given}` says nothing to unfreeze; use `all`, or NET or NET:STAGE.. with commas between, such as densenet169:denseblock4..,mobilenet-v2:17.."
    )]
    Rule { given: String },
    #[error(
        "{backbone} is not in the stacked model: name it with `--backbones`, or leave it out of `--unfreeze`"
    )]
    NotInModel { backbone: &'static str },
    #[error("{backbone} has no stage `{stage}`; it has {stages}")]
    Stage { backbone: &'static str, stage: String, stages: String },
    #[error("no device was named to train on; name one with `--device`")]
    NoDevice,
    #[error("at least one epoch is needed; use `--fine-tune-epochs 1` or more, or leave `--unfreeze` out")]
    NoEpochs,
    #[error("`--fine-tune-rate` {value} is not a learning rate; use a number above 0, such as 1e-5")]
    Rate { value: String },
    #[error("{}: {reason}; remove it from the data, or repair it", .path.display())]
    Image { path: PathBuf, reason: String },
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Training(#[from] TrainingError),
}
