//! What a long command tells while it works.

use crate::features::Progress;
use crate::head::Epoch;

/// A step that was taken.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// Something worth a line.
    Note(&'a str),
    /// Something that is not as it should be, but does not stop the work.
    Warning(&'a str),
    /// Features are being computed or loaded.
    Features(Progress),
    /// A pass over the training samples ended.
    Epoch {
        /// What it gave.
        epoch: &'a Epoch,
        /// How many there will be.
        of: usize,
    },
    /// Images run for calibration, each three times.
    Calibrated {
        /// Runs that are done.
        done: usize,
        /// Runs in all.
        total: usize,
    },
    /// Images are being evaluated.
    Evaluated {
        /// Images that are done.
        done: usize,
        /// Images in all.
        total: usize,
    },
}
