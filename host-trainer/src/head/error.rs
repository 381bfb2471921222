//! Why a head could not be trained.

/// Why a head could not be trained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingError {
    #[error("there are no {side} images to work with; add some, or check the split")]
    NoSamples {
        /// `training` or `validation`.
        side: &'static str,
    },
    #[error("the training images are all of one class; both are needed")]
    OneClass,
    #[error("a batch of {batch_size} has no variance for BatchNorm; use `--batch-size 2` or more")]
    BatchTooSmall { batch_size: usize },
    #[error("`--{name}` {value} is not between 0 and 1 (1 excluded)")]
    Fraction { name: &'static str, value: String },
    #[error("`--{name}` {value} is not {range}")]
    Range { name: &'static str, range: &'static str, value: String },
    #[error("a hidden layer of width 0 passes nothing on; use `--hidden` with two positive numbers")]
    EmptyLayer,
    #[error("`--restore-best` needs `--early-stopping` or `--callbacks article`")]
    NothingToRestore,
    #[error("no epoch could be kept: its figure is not defined; use `--monitor val-loss`")]
    NothingKept,
    #[error(
        "the training that was cut off had other options or other images; repeat the command that began it, or start over without `--resume`"
    )]
    OtherTraining,
    #[error("the state of the training cannot be kept or taken up: {reason}; start over without `--resume`")]
    Checkpoint { reason: String },
    #[error("checkpoint {}: {reason}; check the folder, or start over without `--resume`", .path.display())]
    CheckpointFile { path: std::path::PathBuf, reason: String },
    #[error("at least one epoch is needed; use `--epochs 1` or more")]
    NoEpochs,
    #[error("the loss is no number any more in epoch {epoch}; use a smaller `--learning-rate`")]
    Diverged {
        /// The epoch, counted from 1.
        epoch: usize,
    },
    #[error("the compute device failed: {reason}; try `--device cpu`")]
    Device { reason: String },
}
