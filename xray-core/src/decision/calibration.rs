//! From what the network gives to a probability that a threshold may be compared with.

use crate::engine::Probability;
use crate::package::{TEMPERATURES, VerifiedPackage};

/// A temperature that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "temperature {temperature} is not between {} and {}; fit it again on validation images of both classes",
    .TEMPERATURES.start(), .TEMPERATURES.end()
)]
pub struct CalibrationError {
    /// The temperature.
    pub temperature: f64,
}

/// A probability of the positive label after calibration, 0..1. Made by a [`ProbabilityCalibration`] only.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct CalibratedProbability(f64);

impl CalibratedProbability {
    /// The number, 0..1.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// Temperature scaling (Guo 2017, arXiv:1706.04599): the logit is divided by a temperature that was fitted on
/// validation images. Over 1 it makes a network less sure, under 1 surer; the order of images stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbabilityCalibration {
    temperature: f64,
}

/// Next to 0 and 1, beyond the outermost numbers that a float32 holds there, so that a probability that was
/// rounded to 0 or 1 has a logit and keeps its place in the order.
const LOWEST: f64 = f64::from_bits((1023 - 150) << 52);
const HIGHEST: f64 = 1.0 - 1.0 / (1u64 << 25) as f64;

impl ProbabilityCalibration {
    /// Temperature 1: probabilities stay as they are, bit for bit.
    pub const NONE: ProbabilityCalibration = ProbabilityCalibration { temperature: 1.0 };

    /// A calibration of this temperature.
    ///
    /// # Errors
    /// [`CalibrationError`] if it is not within [`TEMPERATURES`].
    pub fn new(temperature: f64) -> Result<Self, CalibrationError> {
        if TEMPERATURES.contains(&temperature) {
            Ok(ProbabilityCalibration { temperature })
        } else {
            Err(CalibrationError { temperature })
        }
    }

    /// The calibration of a model.
    pub fn of(package: &VerifiedPackage) -> Self {
        // Verification looked at its range.
        ProbabilityCalibration { temperature: package.contract().temperature }
    }

    /// The temperature.
    pub fn temperature(self) -> f64 {
        self.temperature
    }

    /// Calibrates what the network gave.
    pub fn apply(self, probability: Probability) -> CalibratedProbability {
        CalibratedProbability(self.apply_to(probability.value()))
    }

    /// The same on a plain number from 0 to 1, such as the score of a validation image.
    pub fn apply_to(self, probability: f64) -> f64 {
        if self.temperature == 1.0 {
            return probability;
        }
        1.0 / (1.0 + (-Self::logit(probability) / self.temperature).exp())
    }

    /// ln(p / (1 - p)), finite for 0 and 1 too: they are taken for numbers just beside them.
    pub fn logit(probability: f64) -> f64 {
        let p = probability.clamp(LOWEST, HIGHEST);
        (p / (1.0 - p)).ln()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn temperatures_by_hand() {
        // logit(0.8) = ln 4, half of it is ln 2: p = 2/3. Twice it is ln 16: p = 16/17.
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a}, expected {b}");
        close(ProbabilityCalibration::new(2.0).unwrap().apply_to(0.8), 2.0 / 3.0);
        close(ProbabilityCalibration::new(0.5).unwrap().apply_to(0.8), 16.0 / 17.0);
        close(ProbabilityCalibration::new(2.0).unwrap().apply_to(0.2), 1.0 / 3.0);
        close(ProbabilityCalibration::new(7.0).unwrap().apply_to(0.5), 0.5);
        assert_eq!(ProbabilityCalibration::NONE.apply_to(0.123_456_789), 0.123_456_789);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 0.04, 20.1] {
            assert!(ProbabilityCalibration::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn certainty_is_taken_for_the_next_number() {
        let softer = ProbabilityCalibration::new(3.0).unwrap();
        // 25 ln 2 / 3 = 5.776, sigmoid 0.99691.
        assert!((softer.apply_to(1.0) - 0.996_91).abs() < 1e-5, "{}", softer.apply_to(1.0));
        assert!(softer.apply_to(1.0) > softer.apply_to(f64::from(1.0f32.next_down())));
        assert!(softer.apply_to(0.0) < softer.apply_to(f64::from(f32::from_bits(1))));
        assert!(softer.apply_to(0.0) > 0.0);
    }

    proptest! {
        #[test]
        fn the_order_stays(a in 0.0f32..=1.0, b in 0.0f32..=1.0, temperature in 0.05f64..=20.0) {
            let calibration = ProbabilityCalibration::new(temperature).unwrap();
            let (low, high) = (f64::from(a.min(b)), f64::from(a.max(b)));
            let [calibrated_low, calibrated_high] = [low, high].map(|p| calibration.apply_to(p));
            prop_assert!(calibrated_low <= calibrated_high);
            prop_assert!((0.0..=1.0).contains(&calibrated_low) && (0.0..=1.0).contains(&calibrated_high));
            prop_assert_eq!(calibrated_high >= 0.5, high >= 0.5);
        }
    }
}
