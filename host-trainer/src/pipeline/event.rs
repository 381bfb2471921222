//! What a command reports while it works.

use crate::features::Progress;
use crate::head::{Epoch, Step};

/// One report; `--json-log` writes it as JSON.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(tag = "event", content = "data", rename_all = "kebab-case")]
pub enum Event<'a> {
    Note(&'a str),
    /// Something is wrong, but the work goes on.
    Warning(&'a str),
    /// Features are being computed or loaded.
    Features(Progress),
    /// A training begins, or continues after an interruption.
    TrainingBegins {
        #[serde(rename = "what")]
        target: TrainingTarget,
        /// The largest number of epochs.
        #[serde(rename = "of")]
        epochs: usize,
        /// The epochs that were done before an interruption.
        #[serde(rename = "done")]
        finished: &'a [Epoch],
    },
    /// An optimiser step was made.
    Step(Step),
    TrainingEnds,
    /// An epoch ended.
    Epoch {
        epoch: &'a Epoch,
        /// The largest number of epochs.
        #[serde(rename = "of")]
        epochs: usize,
    },
    /// Runs of calibration images through the float graph; each image runs three times.
    Calibrated {
        done: usize,
        total: usize,
    },
    /// Images were evaluated.
    Evaluated {
        done: usize,
        total: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingTarget {
    /// The classifier head, on features.
    Head,
    /// One backbone, on images, before the head.
    Backbone,
    /// Backbones and classifier head, on images.
    Backbones,
}

impl TrainingTarget {
    pub fn name(self) -> &'static str {
        match self {
            TrainingTarget::Head => "head",
            TrainingTarget::Backbone => "backbone",
            TrainingTarget::Backbones => "backbones and head",
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
