//! Why a head could not be trained.

/// Why a head could not be trained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingError {
    /// A side has no samples.
    #[error("there are no {side} images to work with; add some, or check the split")]
    NoSamples {
        /// `training` or `validation`.
        side: &'static str,
    },
    /// The training images are all of one class.
    #[error("the training images are all of one class; both are needed")]
    OneClass,
    /// The batch is too small for BatchNorm.
    #[error("a batch of {batch_size} has no variance for BatchNorm; use `--batch-size 2` or more")]
    BatchTooSmall {
        /// What was asked for.
        batch_size: usize,
    },
    /// A share is out of range.
    #[error("`--{name}` {value} is not between 0 and 1 (1 excluded)")]
    Share {
        /// The option.
        name: &'static str,
        /// What was asked for.
        value: String,
    },
    /// A number is out of range.
    #[error("`--{name}` {value} is not {range}")]
    Range {
        /// The option.
        name: &'static str,
        /// What it must be.
        range: &'static str,
        /// What was asked for.
        value: String,
    },
    /// A hidden layer without units.
    #[error("a hidden layer of width 0 passes nothing on; use `--hidden` with two positive numbers")]
    EmptyLayer,
    /// Weights of early stopping are to be kept, but there is none.
    #[error("`--restore-best` needs `--early-stopping` or `--callbacks article`")]
    NothingToRestore,
    /// No pass had a figure to choose it by.
    #[error("no epoch could be kept: its figure is not defined; use `--monitor val-loss`")]
    NothingKept,
    /// The checkpoint belongs to another training.
    #[error(
        "the training that was cut off had other options or other images; repeat the command that began it, or start over without `--resume`"
    )]
    OtherTraining,
    /// A checkpoint could not be made or used.
    #[error("the state of the training cannot be kept or taken up: {reason}; start over without `--resume`")]
    Checkpoint {
        /// What went wrong.
        reason: String,
    },
    /// The file of a checkpoint could not be read or written.
    #[error("checkpoint {}: {reason}; check the folder, or start over without `--resume`", .path.display())]
    CheckpointFile {
        /// The file.
        path: std::path::PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// No pass was asked for.
    #[error("at least one epoch is needed; use `--epochs 1` or more")]
    NoEpochs,
    /// The loss is no number any more.
    #[error("the loss is no number any more in epoch {epoch}; use a smaller `--learning-rate`")]
    Diverged {
        /// The pass, counted from 1.
        epoch: usize,
    },
    /// The device failed.
    #[error("the compute device failed: {reason}; try `--device cpu`")]
    Device {
        /// Its word.
        reason: String,
    },
}
