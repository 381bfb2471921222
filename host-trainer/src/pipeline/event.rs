//! What a long command tells while it works.

use crate::features::Progress;
use crate::head::{Epoch, Step};

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
    /// A training begins, or goes on where it was cut off.
    TrainingBegins {
        /// What is trained.
        what: Trained,
        /// How many passes there will be at most.
        of: usize,
        /// The passes that are done already.
        done: &'a [Epoch],
    },
    /// A step of a training was made.
    Step(Step),
    /// The training is over.
    TrainingEnds,
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

/// What is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trained {
    /// The head, on features.
    Head,
    /// Backbones and head, from images.
    Backbones,
}

impl Trained {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Trained::Head => "head",
            Trained::Backbones => "backbones and head",
        }
    }
}

impl Event<'_> {
    /// How many images are done and how many there are, where the event counts images.
    pub fn count(&self) -> Option<(usize, usize)> {
        match self {
            Event::Features(progress) => Some((progress.done, progress.total)),
            Event::Calibrated { done, total } | Event::Evaluated { done, total } => Some((*done, *total)),
            Event::Step(step) => Some((step.done, step.total)),
            Event::Note(_)
            | Event::Warning(_)
            | Event::TrainingBegins { .. }
            | Event::TrainingEnds
            | Event::Epoch { .. } => None,
        }
    }
}
