//! What a training reports.

use super::Epoch;

/// A report of a training. `State` is everything that the next epoch depends on.
#[derive(Debug)]
pub enum TrainingEvent<'a, State> {
    Step(Step),
    /// An epoch ended.
    Epoch(&'a Epoch, &'a State),
}

/// The progress within an epoch.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Step {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Images that were trained on in this epoch.
    pub done: usize,
    /// Images in an epoch.
    pub total: usize,
    /// Mean binary cross-entropy over them, with dropout, in nats.
    pub train_loss: f64,
    /// Share of them on the right side of 0.5, with dropout.
    pub train_accuracy: f64,
}
