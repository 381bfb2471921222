//! What a long command tells while it works.

use crate::features::Progress;
use crate::head::Epoch;

/// A step that was taken.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(tag = "event", content = "data", rename_all = "kebab-case")]
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

impl Event<'_> {
    /// How many images are done and how many there are, where the event counts images.
    pub fn count(&self) -> Option<(usize, usize)> {
        match self {
            Event::Features(progress) => Some((progress.done, progress.total)),
            Event::Calibrated { done, total } | Event::Evaluated { done, total } => Some((*done, *total)),
            Event::Note(_) | Event::Warning(_) | Event::Epoch { .. } => None,
        }
    }
}
