//! From a score to a verdict.
//!
//! ```text
//! Admitted ─its Probability─ ProbabilityCalibration::apply→ CalibratedProbability ─threshold, abstain band→ Verdict
//! ```
//!
//! The network's [`Probability`] has no meaning of its own, so no threshold is compared with it: thresholds are
//! for a [`CalibratedProbability`], which only a [`ProbabilityCalibration`] makes.

mod calibration;
mod finding;
mod verdict;

pub use calibration::{CalibratedProbability, CalibrationError, ProbabilityCalibration};
pub use finding::Finding;
pub use verdict::{DecisionRule, Verdict};

pub use crate::engine::Probability;

/// What is said wherever a result is shown.
pub const DISCLAIMER: &str = "A screening aid, not a diagnosis: a clinician decides.";
