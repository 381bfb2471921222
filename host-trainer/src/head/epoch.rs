//! The figures of an epoch.

use super::{Samples, Step};
use crate::metrics::auroc;

/// The figures of an epoch. Losses are of the labels as they are, without class weights and smoothing.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean binary cross-entropy over the training samples, with dropout, in nats.
    pub train_loss: f64,
    /// Share of training samples on the right side of 0.5, with dropout.
    pub train_accuracy: f64,
    /// Mean binary cross-entropy over the validation samples, in nats; this and the next two are of the group that does
    /// worst, where the samples have groups.
    pub validation_loss: f64,
    /// Share of validation samples on the right side of 0.5.
    pub validation_accuracy: f64,
    /// Area under the ROC curve on the validation samples; none if they are all of one class.
    pub validation_auroc: Option<f64>,
    /// Adam's learning rate in this epoch.
    pub learning_rate: f64,
}

/// Sums over the training samples of an epoch.
#[derive(Default)]
pub(crate) struct TrainingSums {
    loss: f64,
    right: usize,
    seen: usize,
}

impl TrainingSums {
    /// Adds a batch.
    pub(crate) fn add(&mut self, logits: &[f32], labels: &[bool]) {
        for (logit, label) in logits.iter().zip(labels) {
            self.loss += cross_entropy(f64::from(*logit), *label);
            self.right += usize::from((*logit >= 0.0) == *label);
        }
        self.seen += labels.len();
    }

    /// The figures so far.
    pub(crate) fn step(&self, epoch: usize, total: usize) -> Step {
        let seen = self.seen as f64;
        let (train_loss, train_accuracy) = (self.loss / seen, self.right as f64 / seen);
        Step { epoch, done: self.seen, total, train_loss, train_accuracy }
    }
}

/// The figures of a finished epoch.
pub(crate) fn epoch_record(
    epoch: usize,
    learning_rate: f64,
    sums: &TrainingSums,
    logits: &[f64],
    labels: &[bool],
) -> Epoch {
    let scored = logits.iter().zip(labels);
    let loss: f64 = scored.clone().map(|(logit, label)| cross_entropy(*logit, *label)).sum();
    let validation_right = scored.clone().filter(|(logit, label)| (**logit >= 0.0) == **label).count();
    let pairs: Vec<_> = scored.map(|(logit, label)| (sigmoid(*logit), *label)).collect();
    let count = logits.len() as f64;
    Epoch {
        epoch,
        train_loss: sums.loss / sums.seen as f64,
        train_accuracy: sums.right as f64 / sums.seen as f64,
        validation_loss: loss / count,
        validation_accuracy: validation_right as f64 / count,
        validation_auroc: auroc(&pairs).ok(),
        learning_rate,
    }
}

/// With the validation figures of the group that does worst in each, where the samples have groups.
pub(super) fn of_worst_group(mut record: Epoch, validation: &Samples, logits: &[f64]) -> Epoch {
    let Some(last) = validation.groups.iter().max() else { return record };
    let of_group = |group: usize| {
        let members = (0..logits.len()).filter(move |at| validation.groups[*at] == group);
        let (logits, labels): (Vec<f64>, Vec<bool>) =
            members.map(|at| (logits[at], validation.labels[at])).unzip();
        epoch_record(record.epoch, record.learning_rate, &TrainingSums::default(), &logits, &labels)
    };
    let groups: Vec<Epoch> =
        (0..=*last).filter(|group| validation.groups.contains(group)).map(of_group).collect();
    record.validation_loss = groups.iter().map(|group| group.validation_loss).fold(f64::MIN, f64::max);
    record.validation_accuracy =
        groups.iter().map(|group| group.validation_accuracy).fold(f64::MAX, f64::min);
    record.validation_auroc = groups.iter().filter_map(|group| group.validation_auroc).reduce(f64::min);
    record
}

/// Binary cross-entropy of a logit, in nats, in the form that does not overflow:
/// `max(x, 0) - x·y + ln(1 + exp(-|x|))`.
fn cross_entropy(logit: f64, label: bool) -> f64 {
    logit.max(0.0) - if label { logit } else { 0.0 } + (-logit.abs()).exp().ln_1p()
}

/// The probability of a logit.
pub(crate) fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}
