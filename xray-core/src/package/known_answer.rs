//! What the engine must give for the test pattern, so that a board can check itself before it screens.

use serde::{Deserialize, Serialize};

/// Features that are recorded, evenly spread over all.
const SAMPLED_FEATURES: usize = 64;

/// The answer to [`InputTensor::test_pattern`](crate::preprocess::InputTensor::test_pattern).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownAnswer {
    /// Probability of the positive label, 0..1. It means nothing: the pattern is no X-ray.
    pub probability: f64,
    /// Some of the pooled features, evenly spread over all. A probability near 0 or 1 would hide a fault that
    /// these show.
    pub features: Vec<f64>,
}

impl KnownAnswer {
    /// The largest [`KnownAnswer::difference`] that rounding on another processor can explain. A wrong kernel or
    /// damaged weights give far more.
    pub const TOLERANCE: f64 = 0.05;

    /// The answer of a run that is trusted.
    pub fn of(probability: f64, features: &[f32]) -> Self {
        KnownAnswer { probability, features: sampled(features) }
    }

    /// How far another run is from it: the larger of the difference of the probabilities and the summed
    /// difference of the features over their sum. Infinite if there are other numbers of features, or one is no
    /// number.
    pub fn difference(&self, probability: f64, features: &[f32]) -> f64 {
        let features = sampled(features);
        if features.len() != self.features.len() {
            return f64::INFINITY;
        }
        let sum: f64 = self.features.iter().map(|f| f.abs()).sum();
        let apart: f64 = self.features.iter().zip(&features).map(|(a, b)| (a - b).abs()).sum();
        let relative = if apart == 0.0 { 0.0 } else { apart / sum };
        let larger = relative.max((self.probability - probability).abs());
        // `max` drops what is no number.
        if (relative + probability).is_finite() { larger } else { f64::INFINITY }
    }
}

fn sampled(features: &[f32]) -> Vec<f64> {
    let step = features.len().div_ceil(SAMPLED_FEATURES).max(1);
    features.iter().step_by(step).map(|feature| f64::from(*feature)).collect()
}

#[cfg(test)]
mod tests {
    use super::KnownAnswer;

    #[test]
    fn a_difference_is_the_larger_of_two_and_never_hides_what_is_no_number() {
        let answer = KnownAnswer::of(0.5, &[1.0, 2.0, 1.0]);
        assert_eq!(answer.difference(0.5, &[1.0, 2.0, 1.0]), 0.0);
        assert_eq!(answer.difference(0.75, &[1.0, 2.0, 1.0]), 0.25);
        assert_eq!(answer.difference(0.5, &[1.0, 0.0, 1.0]), 0.5);
        assert_eq!(answer.difference(0.5, &[1.0]), f64::INFINITY);
        assert_eq!(answer.difference(f64::NAN, &[1.0, 2.0, 1.0]), f64::INFINITY);
        assert_eq!(answer.difference(0.5, &[f32::NAN, 2.0, 1.0]), f64::INFINITY);
    }
}
