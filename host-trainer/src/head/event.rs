//! What a training tells while it works.

use super::Epoch;

/// A moment of a training. `State` is all that it needs to go on from the end of a pass.
#[derive(Debug)]
pub enum TrainingEvent<'a, State> {
    /// A step was made.
    Step(Step),
    /// A pass ended.
    Epoch(&'a Epoch, &'a State),
}

/// How far a pass is.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Step {
    /// The pass, counted from 1.
    pub epoch: usize,
    /// Images of it that were trained on.
    pub done: usize,
    /// Images in a pass.
    pub total: usize,
    /// Mean binary cross-entropy over them, with dropout, in nats.
    pub train_loss: f64,
    /// Share of them on the right side of 0.5, with dropout.
    pub train_accuracy: f64,
}
