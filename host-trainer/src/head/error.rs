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
    /// The dropout rate is out of range.
    #[error("a dropout rate of {rate} is not between 0 and 1 (1 excluded)")]
    Dropout {
        /// What was asked for.
        rate: String,
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
