//! Chooses temperature, threshold and abstain band.

use xray_core::decision::ProbabilityCalibration;

use crate::evaluation::{AbstainRule, DecisionRules, OperatingPoint, ThresholdRule};
use crate::metrics::{Scored, fit_temperature};

/// The rules by which an operating point is chosen for a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalRules {
    pub threshold: ThresholdRule,
    /// Whether the temperature of the model stays.
    pub keep_temperature: bool,
    /// None: no abstain band.
    pub abstain: Option<AbstainRule>,
}

impl LocalRules {
    /// The default rule. A higher sensitivity would rest on very few of the 25 to 100 positives that a place has: at .9
    /// two of 25 may be missed, at .97 none.
    pub const THRESHOLD: ThresholdRule = ThresholdRule::Sensitivity(0.9);

    /// Chooses an operating point on uncalibrated scores; `temperature` is that of the model.
    ///
    /// # Errors
    /// As [`DecisionRules::choose`].
    pub fn choose(&self, uncalibrated: &[Scored], temperature: f64) -> anyhow::Result<OperatingPoint> {
        let mut warnings = Vec::new();
        let fitted = match self.keep_temperature {
            true => Some(temperature),
            false => fit_temperature(uncalibrated)?,
        };
        if fitted.is_none() {
            warnings.push(format!(
                "no temperature fits these scores (none is on the wrong side of one half, or they are ranked worse than by \
                 chance); that of the model stays: {temperature}"
            ));
        }
        let calibration = ProbabilityCalibration::new(fitted.unwrap_or(temperature))?;
        let scores: Vec<Scored> =
            uncalibrated.iter().map(|(p, label)| (calibration.apply_to(*p), *label)).collect();
        // The scores are calibrated already.
        let rules = DecisionRules { threshold: self.threshold, calibrate: false, abstain: self.abstain };
        let mut point = rules.choose(&scores)?;
        point.calibration = calibration;
        warnings.append(&mut point.warnings);
        point.warnings = warnings;
        Ok(point)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// Logits -2, -1, 1 of the negatives and -1, 1, 2 of the positives, as probabilities.
    fn scores() -> Vec<Scored> {
        let p = |logit: f64| 1.0 / (1.0 + (-logit).exp());
        let negatives = [-2.0, -1.0, 1.0].map(|logit| (p(logit), false));
        let positives = [-1.0, 1.0, 2.0].map(|logit| (p(logit), true));
        [negatives, positives].concat()
    }

    fn rules(threshold: &str) -> LocalRules {
        LocalRules { threshold: threshold.parse().unwrap(), keep_temperature: false, abstain: None }
    }

    #[test]
    fn the_threshold_is_on_the_new_temperature() {
        // Log loss at the slope b: 2·(ln(1+e^-2b) + ln(1+e^-b) + ln(1+e^b)). Its least, by bisection of the derivative in
        // Python, is at this b, and T = 1 / b.
        const SLOPE: f64 = 0.756_307_612_615_964_6;
        let point = rules("sensitivity>=0.9").choose(&scores(), 1.0).unwrap();
        let temperature = point.calibration.temperature();
        assert!((temperature - 1.0 / SLOPE).abs() < 1e-6, "{temperature}");
        // All three positives: between the logits -2 and -1 over T, in the middle of both probabilities.
        let p = |logit: f64| 1.0 / (1.0 + (-logit * SLOPE).exp());
        assert!((point.threshold - f64::midpoint(p(-2.0), p(-1.0))).abs() < 1e-6, "{}", point.threshold);
    }

    #[test]
    fn a_temperature_is_kept_if_asked_for_or_none_fits() {
        let keep = LocalRules { keep_temperature: true, ..rules("0.4") };
        assert_eq!(keep.choose(&scores(), 2.0).unwrap().calibration.temperature(), 2.0);
        let separable = [(0.1, false), (0.8, true)];
        let point = rules("youden").choose(&separable, 2.0).unwrap();
        assert_eq!((point.calibration.temperature(), point.warnings.len()), (2.0, 1));
    }
}
