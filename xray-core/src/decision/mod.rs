//! From a score to a verdict.

use crate::engine::{Output, Probability};
use crate::package::Contract;

/// What is said wherever a result is shown.
pub const DISCLAIMER: &str = "A screening aid, not a diagnosis: a clinician decides.";

/// What a score means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finding {
    /// The probability is at the threshold or over it.
    Suspected,
    /// The probability is under the threshold. The film may still show disease that the model cannot see.
    NoSign,
}

impl Finding {
    /// A fixed word for machines, the same in every release.
    pub fn code(self) -> &'static str {
        match self {
            Finding::Suspected => "pneumonia-suspected",
            Finding::NoSign => "no-sign",
        }
    }

    /// The words that people see.
    pub fn words(self) -> &'static str {
        match self {
            Finding::Suspected => "pneumonia suspected",
            Finding::NoSign => "no sign of pneumonia",
        }
    }
}

/// The verdict on one image. It is made from a model's [`Output`] only, so an image that was not read or not
/// accepted has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    finding: Finding,
    probability: Probability,
}

impl Verdict {
    /// What was found.
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// The probability that it rests on.
    pub fn probability(&self) -> Probability {
        self.probability
    }
}

/// The rule by which a model's scores become verdicts; it comes with the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionRule {
    threshold: f64,
}

impl DecisionRule {
    /// The rule in a model's contract.
    pub fn of(contract: &Contract) -> Self {
        DecisionRule { threshold: contract.threshold }
    }

    /// The verdict on a model's output.
    pub fn decide(&self, output: &Output) -> Verdict {
        let probability = output.probability();
        let suspected = probability.value() >= self.threshold;
        let finding = if suspected { Finding::Suspected } else { Finding::NoSign };
        Verdict { finding, probability }
    }
}
