//! From validation scores to what is frozen into a model: temperature, threshold, abstain band.

use std::str::FromStr;

use anyhow::ensure;
use xray_core::decision::Calibration;
use xray_core::package::AbstainBand;

use crate::metrics::{
    Confusion, MetricsError, Scored, fit_temperature, threshold_for_sensitivity, threshold_for_specificity,
    youden_threshold,
};
use crate::run::{AbstainRecord, RunRecord, ValidationScore};

/// How a threshold is chosen, always on validation images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdRule {
    /// Where sensitivity + specificity is largest (Youden 1950, Cancer 3:32).
    Youden,
    /// The highest threshold that reaches this sensitivity.
    Sensitivity(f64),
    /// The lowest threshold that reaches this specificity.
    Specificity(f64),
    /// A number that was named, between 0 and 1.
    Fixed(f64),
}

impl FromStr for ThresholdRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number =
            |text: &str| text.trim().parse::<f64>().ok().filter(|value| *value > 0.0 && *value < 1.0);
        let rule = match text.split_once(">=") {
            Some(("sensitivity", least)) => number(least).map(ThresholdRule::Sensitivity),
            Some(("specificity", least)) => number(least).map(ThresholdRule::Specificity),
            Some(_) => None,
            None if text == "youden" => Some(ThresholdRule::Youden),
            None => number(text).map(ThresholdRule::Fixed),
        };
        rule.ok_or_else(|| {
            format!(
                "`{text}` is none of youden, 'sensitivity>=0.95', 'specificity>=0.9' (in quotes: a shell takes > for \
                 itself) and a number between 0 and 1"
            )
        })
    }
}

impl ThresholdRule {
    /// What records call a number that was named: it was chosen on nothing.
    pub const FIXED: &str = "fixed";

    /// The rule as records name it: `fixed` for any number.
    pub fn name(self) -> String {
        match self {
            ThresholdRule::Fixed(_) => ThresholdRule::FIXED.to_owned(),
            rule => rule.to_string(),
        }
    }

    /// The threshold for these validation scores, strictly between 0 and 1.
    ///
    /// # Errors
    /// [`MetricsError`] if the scores lack a class that the rule needs, or no threshold reaches the rate.
    pub fn choose(self, scores: &[Scored]) -> Result<f64, MetricsError> {
        let (threshold, rate, least): (_, fn(&Confusion) -> Option<f64>, _) = match self {
            ThresholdRule::Fixed(value) => return Ok(value),
            ThresholdRule::Youden => return Ok(usable(youden_threshold(scores)?)),
            ThresholdRule::Sensitivity(least) => {
                (threshold_for_sensitivity(scores, least)?, Confusion::sensitivity, least)
            }
            ThresholdRule::Specificity(least) => {
                (threshold_for_specificity(scores, least)?, Confusion::specificity, least)
            }
        };
        let threshold = usable(threshold);
        // Scores of exactly 0 or 1 cannot be cut off by a threshold between them.
        match rate(&Confusion::at(scores, threshold)) {
            Some(reached) if reached >= least => Ok(threshold),
            _ => Err(MetricsError::OutOfReach { rule: self.to_string() }),
        }
    }
}

impl std::fmt::Display for ThresholdRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ThresholdRule::Youden => f.write_str("youden"),
            ThresholdRule::Sensitivity(least) => write!(f, "sensitivity>={least}"),
            ThresholdRule::Specificity(least) => write!(f, "specificity>={least}"),
            ThresholdRule::Fixed(value) => write!(f, "{value}"),
        }
    }
}

/// How the abstain band is chosen: each of its ends by a rule of its own. As text: `RULE,RULE`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbstainRule {
    /// Under what this chooses the model says no sign.
    pub low: ThresholdRule,
    /// From what this chooses on the model suspects.
    pub high: ThresholdRule,
}

impl FromStr for AbstainRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (low, high) =
            text.split_once(',').ok_or_else(|| format!("`{text}` does not name two ends; write LOW,HIGH"))?;
        Ok(AbstainRule { low: low.trim().parse()?, high: high.trim().parse()? })
    }
}

impl std::fmt::Display for AbstainRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{}", self.low, self.high)
    }
}

/// How scores become decisions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionRules {
    /// How the threshold is chosen.
    pub threshold: ThresholdRule,
    /// Whether a temperature is fitted.
    pub calibrate: bool,
    /// How the abstain band is chosen, if there is to be one.
    pub abstain: Option<AbstainRule>,
}

impl Default for DecisionRules {
    fn default() -> Self {
        DecisionRules { threshold: ThresholdRule::Youden, calibrate: true, abstain: None }
    }
}

/// What the rules chose.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatingPoint {
    /// The temperature; 1 leaves probabilities as they are.
    pub calibration: Calibration,
    /// The threshold on calibrated probabilities.
    pub threshold: f64,
    /// The abstain band on calibrated probabilities.
    pub abstain: Option<AbstainBand>,
    /// What the rules could not do, in words.
    pub warnings: Vec<String>,
}

impl DecisionRules {
    /// The rules of a run.
    ///
    /// # Errors
    /// If the record names a rule that this release does not know.
    pub(super) fn of(record: &RunRecord) -> anyhow::Result<Self> {
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

    /// Chooses on validation scores as the network gave them.
    ///
    /// # Errors
    /// [`MetricsError`] if a rule cannot be met by any threshold, or the ends of the band are the wrong way round.
    pub fn choose(&self, uncalibrated: &[Scored]) -> anyhow::Result<OperatingPoint> {
        let mut warnings = Vec::new();
        let mut calibration = Calibration::NONE;
        if self.calibrate {
            match fit_temperature(uncalibrated)? {
                Some(temperature) => calibration = Calibration::new(temperature)?,
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
    /// What a run records of the band.
    pub(super) fn abstain_record(&self, rules: &DecisionRules) -> Option<AbstainRecord> {
        rules.abstain.map(|rule| AbstainRecord { rule: rule.to_string(), band: self.abstain })
    }
}

/// The same images with calibrated probabilities.
pub(super) fn calibrated(scores: &[ValidationScore], calibration: Calibration) -> Vec<ValidationScore> {
    let one = |score: &ValidationScore| ValidationScore {
        probability: calibration.apply_to(score.probability),
        ..score.clone()
    };
    scores.iter().map(one).collect()
}

/// The contract takes thresholds strictly between 0 and 1; a classifier that saturates can put the best one
/// on the border.
fn usable(threshold: f64) -> f64 {
    const MARGIN: f64 = 1e-6;
    threshold.clamp(MARGIN, 1.0 - MARGIN)
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
    fn rules_are_read_and_written() {
        for text in ["youden", "sensitivity>=0.95", "specificity>=0.9", "0.3"] {
            assert_eq!(text.parse::<ThresholdRule>().unwrap().to_string(), text);
        }
        assert_eq!("0.3".parse::<ThresholdRule>().unwrap().name(), "fixed");
        for text in ["", "fixed", "1", "0", "sensitivity", "sensitivity>=1.5", "accuracy>=0.9", "NaN"] {
            assert!(text.parse::<ThresholdRule>().is_err(), "{text}");
        }
        let rule: AbstainRule = "sensitivity>=0.99, 0.8".parse().unwrap();
        assert_eq!(rule.to_string(), "sensitivity>=0.99,0.8");
        assert!("0.3".parse::<AbstainRule>().is_err());
    }

    #[test]
    fn thresholds_lie_where_the_rate_is_just_reached() {
        let at = |text: &str| text.parse::<ThresholdRule>().unwrap().choose(&scores()).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a}, expected {b}");
        // All four positives: down to 0.25, the next score below is 0.2. Three of them: down to 0.5, below it 0.3.
        close(at("sensitivity>=0.99"), 0.225);
        close(at("sensitivity>=0.75"), 0.4);
        // Four of five negatives: above 0.3, the next score is 0.5. All: above 0.6.
        close(at("specificity>=0.8"), 0.4);
        close(at("specificity>=0.81"), 0.65);
        close(at("0.123"), 0.123);
    }

    #[test]
    fn a_rate_that_no_threshold_reaches_is_said() {
        let certain = [(1.0, false), (0.5, true), (0.2, false)];
        let error = ThresholdRule::Specificity(0.9).choose(&certain).unwrap_err();
        assert_eq!(error, MetricsError::OutOfReach { rule: "specificity>=0.9".to_owned() });
        let one_class = [(0.1, false), (0.2, false)];
        assert_eq!(ThresholdRule::Sensitivity(0.9).choose(&one_class), Err(MetricsError::OneClass { n: 2 }));
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
        assert_eq!((chosen.calibration, chosen.warnings.len()), (Calibration::NONE, 1));
    }
}
