//! The rules by which thresholds and abstain bands are chosen on validation scores.

use std::str::FromStr;

use crate::metrics::{
    Confusion, MetricsError, Scored, threshold_for_sensitivity, threshold_for_specificity, youden_threshold,
};

/// How a threshold is chosen, always on validation images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdRule {
    /// Where sensitivity + specificity is largest (Youden 1950, Cancer 3:32).
    Youden,
    /// The highest threshold that reaches this sensitivity.
    Sensitivity(f64),
    /// The lowest threshold that reaches this specificity.
    Specificity(f64),
    /// A given number between 0 and 1.
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
    /// The name of [`ThresholdRule::Fixed`] in records.
    pub const FIXED: &str = "fixed";

    /// The name in records: `fixed` for any number.
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

/// How the abstain band is chosen: each end by its own rule. As text: `RULE,RULE`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbstainRule {
    /// Below this threshold the finding is "no sign".
    pub low: ThresholdRule,
    /// From this threshold on the finding is "suspected".
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
}
