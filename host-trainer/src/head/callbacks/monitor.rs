//! The metric that a callback monitors.

use serde::{Deserialize, Serialize};

use crate::head::Epoch;

/// A metric of an epoch, and in which direction it is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monitor {
    /// Mean binary cross-entropy of the validation images; less is better
    ValLoss,
    /// Share of validation images on the right side of 0.5; more is better
    ValAccuracy,
    /// Area under the ROC curve of the validation images; more is better
    ValAuroc,
}

impl Monitor {
    /// The metric of an epoch; none where it is not defined (an AUROC of one class).
    pub fn value(self, epoch: &Epoch) -> Option<f64> {
        match self {
            Monitor::ValLoss => Some(epoch.validation_loss),
            Monitor::ValAccuracy => Some(epoch.validation_accuracy),
            Monitor::ValAuroc => epoch.validation_auroc,
        }
    }

    /// Whether `value` improves on `best` by more than `min_delta`; the first value always does.
    pub fn improves(self, value: f64, best: Option<f64>, min_delta: f64) -> bool {
        let Some(best) = best else { return true };
        match self {
            Monitor::ValLoss => value < best - min_delta,
            Monitor::ValAccuracy | Monitor::ValAuroc => value > best + min_delta,
        }
    }
}
