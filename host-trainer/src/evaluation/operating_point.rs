//! The operating point of a model, chosen on validation scores: temperature, threshold and abstain band.

use anyhow::ensure;
use xray_core::decision::ProbabilityCalibration;
use xray_core::package::AbstainBand;

use super::{AbstainRule, ThresholdRule};
use crate::metrics::{Scored, fit_temperature};
use crate::run::{AbstainRecord, RunRecord, ValidationScore};

/// The rules by which an operating point is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionRules {
    pub threshold: ThresholdRule,
    /// Whether a temperature is fitted (probability calibration).
    pub calibrate: bool,
    /// None: no abstain band.
    pub abstain: Option<AbstainRule>,
}

impl Default for DecisionRules {
    fn default() -> Self {
        DecisionRules { threshold: ThresholdRule::Youden, calibrate: true, abstain: None }
    }
}

/// What turns the output of the network into a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatingPoint {
    /// The temperature; 1 leaves probabilities as they are.
    pub calibration: ProbabilityCalibration,
    /// On calibrated probabilities.
    pub threshold: f64,
    /// On calibrated probabilities.
    pub abstain: Option<AbstainBand>,
    /// What the rules could not achieve.
    pub warnings: Vec<String>,
}

impl DecisionRules {
    /// The rules of a run.
    ///
    /// # Errors
    /// If the record names a rule that this release does not know.
    pub(crate) fn of(record: &RunRecord) -> anyhow::Result<Self> {
        let parse = |text: &str| text.parse::<ThresholdRule>().map_err(anyhow::Error::msg);
        let threshold = match record.threshold_rule.as_str() {
            ThresholdRule::FIXED => ThresholdRule::Fixed(record.threshold),
            rule => parse(rule)?,
        };
        let abstain = record.abstain.as_ref().map(|abstain| abstain.rule.parse().map_err(anyhow::Error::msg));
        Ok(DecisionRules {
            threshold,
            calibrate: record.temperature.is_some(),
            abstain: abstain.transpose()?,
        })
    }

    /// Chooses an operating point on uncalibrated validation scores.
    ///
    /// # Errors
    /// [`MetricsError`](crate::metrics::MetricsError) if a rule cannot be met by any threshold, or the ends of the band are the wrong way round.
    pub fn choose(&self, uncalibrated: &[Scored]) -> anyhow::Result<OperatingPoint> {
        let mut warnings = Vec::new();
        let mut calibration = ProbabilityCalibration::NONE;
        if self.calibrate {
            match fit_temperature(uncalibrated)? {
                Some(temperature) => calibration = ProbabilityCalibration::new(temperature)?,
                None => warnings.push(
                    "no temperature fits the validation scores (none is on the wrong side of one half, or they are \
                     ranked worse than by chance); probabilities stay as the network gives them"
                        .to_owned(),
                ),
            }
        }
        let scores: Vec<Scored> =
            uncalibrated.iter().map(|(p, label)| (calibration.apply_to(*p), *label)).collect();
        let threshold = self.threshold.choose(&scores)?;
        let abstain = match self.abstain {
            Some(rule) => band(rule, threshold, &scores, &mut warnings)?,
            None => None,
        };
        Ok(OperatingPoint { calibration, threshold, abstain, warnings })
    }
}

fn band(
    rule: AbstainRule,
    threshold: f64,
    scores: &[Scored],
    warnings: &mut Vec<String>,
) -> anyhow::Result<Option<AbstainBand>> {
    let (low, high) = (rule.low.choose(scores)?, rule.high.choose(scores)?);
    if let (ThresholdRule::Fixed(_), ThresholdRule::Fixed(_)) = (rule.low, rule.high) {
        ensure!(
            low < high && (low..=high).contains(&threshold),
            "the abstain band {low} to {high} does not hold the threshold {threshold:.4}; give a wider one"
        );
    }
    // Where both rates are reached at once there is nothing between the ends.
    if low >= high {
        warnings.push(format!("no abstain band: one threshold meets both ends of {rule} on validation"));
        return Ok(None);
    }
    Ok(Some(AbstainBand { low: low.min(threshold), high: high.max(threshold) }))
}

impl OperatingPoint {
    pub(crate) fn abstain_record(&self, rules: &DecisionRules) -> Option<AbstainRecord> {
        rules.abstain.map(|rule| AbstainRecord { rule: rule.to_string(), band: self.abstain })
    }
}

/// The same scores with calibrated probabilities.
pub(crate) fn calibrated(
    scores: &[ValidationScore],
    calibration: ProbabilityCalibration,
) -> Vec<ValidationScore> {
    let one = |score: &ValidationScore| ValidationScore {
        probability: calibration.apply_to(score.probability),
        ..score.clone()
    };
    scores.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn scores() -> Vec<Scored> {
        let negatives = [0.05, 0.1, 0.2, 0.3, 0.6].map(|p| (p, false));
        let positives = [0.25, 0.5, 0.7, 0.9].map(|p| (p, true));
        [&negatives[..], &positives].concat()
    }

    #[test]
    fn the_band_lies_between_both_rules_and_around_the_threshold() {
        let rules = |abstain: &str| DecisionRules {
            threshold: ThresholdRule::Fixed(0.45),
            calibrate: false,
            abstain: Some(abstain.parse().unwrap()),
        };
        let chosen = rules("sensitivity>=0.99,specificity>=0.99").choose(&scores()).unwrap();
        let band = chosen.abstain.unwrap();
        assert!((band.low - 0.225).abs() < 1e-12 && (band.high - 0.65).abs() < 1e-12, "{band:?}");
        let chosen = rules("specificity>=0.99,sensitivity>=0.99").choose(&scores()).unwrap();
        assert_eq!((chosen.abstain, chosen.warnings.len()), (None, 1));
        // Both ends under the threshold: the band is drawn up to it.
        let chosen = rules("0.2,sensitivity>=0.75").choose(&scores()).unwrap();
        assert_eq!(chosen.abstain, Some(AbstainBand { low: 0.2, high: 0.45 }));
        assert!(rules("0.5,0.6").choose(&scores()).is_err());
    }

    #[test]
    fn the_threshold_is_one_on_calibrated_scores() {
        let rules = DecisionRules { threshold: ThresholdRule::Sensitivity(0.99), ..DecisionRules::default() };
        let chosen = rules.choose(&scores()).unwrap();
        assert!(chosen.calibration.temperature() != 1.0);
        let expected = [0.2, 0.25].map(|p| chosen.calibration.apply_to(p)).iter().sum::<f64>() / 2.0;
        assert!((chosen.threshold - expected).abs() < 1e-12);
        // No score on the wrong side of one half: there is no best temperature.
        let chosen = rules.choose(&[(0.1, false), (0.8, true)]).unwrap();
        assert_eq!((chosen.calibration, chosen.warnings.len()), (ProbabilityCalibration::NONE, 1));
    }
}
