//! The confusion matrix and the rates that follow from it.

use serde::{Deserialize, Serialize};

use super::Scored;

/// How calls and truth agree. Positive means: shows the finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Confusion {
    /// Positive, called positive.
    pub tp: u64,
    /// Negative, called positive.
    pub fp: u64,
    /// Negative, called negative.
    pub tn: u64,
    /// Positive, called negative.
    #[serde(rename = "fn")]
    pub fn_: u64,
}

/// One line of a classification report; `None` where the figure divides by nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// Of those called this class, the part that is.
    pub precision: Option<f64>,
    /// Of those of this class, the part that is called it.
    pub recall: Option<f64>,
    /// Harmonic mean of both: 2 TP / (2 TP + FP + FN).
    pub f1: Option<f64>,
    /// How many are of this class.
    pub support: u64,
}

/// `part / whole`, unless the whole is nothing.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Confusion {
    /// Counts calls; a score of `threshold` or more is called positive.
    pub fn at(scored: &[Scored], threshold: f64) -> Confusion {
        let mut counts = Confusion::default();
        for (score, label) in scored {
            let cell = match (*score >= threshold, *label) {
                (true, true) => &mut counts.tp,
                (true, false) => &mut counts.fp,
                (false, false) => &mut counts.tn,
                (false, true) => &mut counts.fn_,
            };
            *cell += 1;
        }
        counts
    }

    pub fn total(&self) -> u64 {
        self.tp + self.fp + self.tn + self.fn_
    }

    /// The part that was called rightly.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.tp + self.tn, self.total())
    }

    /// Of the positive, the part that was called positive.
    pub fn sensitivity(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// Of the negative, the part that was called negative.
    pub fn specificity(&self) -> Option<f64> {
        ratio(self.tn, self.tn + self.fp)
    }

    /// Precision, recall, F1 and support of the positive class.
    pub fn positive(&self) -> ClassReport {
        ClassReport {
            precision: ratio(self.tp, self.tp + self.fp),
            recall: self.sensitivity(),
            f1: ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn_),
            support: self.tp + self.fn_,
        }
    }

    /// The same of the negative class.
    pub fn negative(&self) -> ClassReport {
        Confusion { tp: self.tn, fp: self.fn_, tn: self.tp, fn_: self.fp }.positive()
    }
}
