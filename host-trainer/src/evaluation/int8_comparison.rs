//! The int8 model against the float model on the validation images, and the accuracy budget that decides about an export.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use xray_core::package::QuantisationRecord;

use crate::metrics::{Evaluation, MetricsError};
use crate::run::{ValidationScore, scored};

/// How much an int8 model may lose against the float model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccuracyBudget {
    /// Loss of AUROC, 0 to 1.
    pub auroc: f64,
    /// Loss of accuracy, 0 to 1.
    pub accuracy: f64,
}

impl Default for AccuracyBudget {
    fn default() -> Self {
        AccuracyBudget { auroc: 0.003, accuracy: 0.005 }
    }
}

/// An image with different verdicts by the two models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerdictFlip {
    pub path: String,
    /// Probability under the float model.
    pub float: f64,
    /// Probability under the int8 model.
    pub int8: f64,
}

/// Int8 model and float model on the same images, each at its own threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Int8Comparison {
    /// Images that both models scored.
    pub images: usize,
    /// None if the images are of one class.
    pub float_auroc: Option<f64>,
    pub int8_auroc: Option<f64>,
    pub float_accuracy: f64,
    pub int8_accuracy: f64,
    /// 99th percentile of the difference of the probabilities.
    pub difference_p99: f64,
    pub flips: Vec<VerdictFlip>,
}

/// The validation scores of a model with its threshold.
#[derive(Debug, Clone, Copy)]
pub struct ModelScores<'a> {
    pub scores: &'a [ValidationScore],
    pub threshold: f64,
}

/// The least value that at least this share of the sorted values does not exceed (nearest rank).
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

impl Int8Comparison {
    /// Compares two models on the images that both scored.
    ///
    /// # Errors
    /// [`MetricsError`] if there is no such image.
    pub fn new(float: ModelScores<'_>, int8: ModelScores<'_>) -> Result<Int8Comparison, MetricsError> {
        let (float_threshold, int8_threshold) = (float.threshold, int8.threshold);
        let known: HashMap<&str, f64> =
            float.scores.iter().map(|score| (score.path.as_str(), score.probability)).collect();
        let pairs: Vec<(f64, &ValidationScore)> =
            int8.scores.iter().filter_map(|score| Some((*known.get(score.path.as_str())?, score))).collect();
        let int8: Vec<ValidationScore> = pairs.iter().map(|(_, score)| (*score).clone()).collect();
        let float: Vec<ValidationScore> = pairs
            .iter()
            .map(|(probability, score)| ValidationScore { probability: *probability, ..(*score).clone() })
            .collect();
        let float = Evaluation::new(&scored(&float), float_threshold)?;
        let int8 = Evaluation::new(&scored(&int8), int8_threshold)?;
        let mut differences: Vec<f64> =
            pairs.iter().map(|(p, score)| (p - score.probability).abs()).collect();
        differences.sort_by(f64::total_cmp);
        let flipped =
            |(p, s): &&(f64, &ValidationScore)| (*p >= float_threshold) != (s.probability >= int8_threshold);
        Ok(Int8Comparison {
            images: pairs.len(),
            float_auroc: float.auroc,
            int8_auroc: int8.auroc,
            float_accuracy: float.accuracy.value.unwrap_or(0.0),
            int8_accuracy: int8.accuracy.value.unwrap_or(0.0),
            difference_p99: percentile(&differences, 0.99),
            flips: pairs
                .iter()
                .filter(flipped)
                .map(|(p, s)| VerdictFlip { path: s.path.clone(), float: *p, int8: s.probability })
                .collect(),
        })
    }

    /// A description of what exceeds the budget; `None` if nothing does.
    pub fn exceeded(&self, budget: &AccuracyBudget) -> Option<String> {
        if let (Some(float), Some(int8)) = (self.float_auroc, self.int8_auroc)
            && float - int8 > budget.auroc
        {
            return Some(format!(
                "AUROC falls by {:.4}, from {float:.4} to {int8:.4}; {:.4} is allowed",
                float - int8,
                budget.auroc
            ));
        }
        let lost = self.float_accuracy - self.int8_accuracy;
        (lost > budget.accuracy).then(|| {
            format!(
                "accuracy falls by {:.2} points, from {:.4} to {:.4}; {:.2} are allowed",
                100.0 * lost,
                self.float_accuracy,
                self.int8_accuracy,
                100.0 * budget.accuracy
            )
        })
    }

    /// What the contract of the model records.
    pub(crate) fn record(&self, head_on: &str, calibration_images: usize) -> QuantisationRecord {
        QuantisationRecord {
            head_on: head_on.to_owned(),
            calibration_images,
            compared_images: self.images,
            float_auroc: self.float_auroc,
            int8_auroc: self.int8_auroc,
            float_accuracy: self.float_accuracy,
            int8_accuracy: self.int8_accuracy,
            difference_p99: self.difference_p99,
            flipped: self.flips.len(),
        }
    }
}

impl std::fmt::Display for Int8Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let area = |value: Option<f64>| value.map_or_else(|| "undefined".to_owned(), |v| format!("{v:.4}"));
        writeln!(f, "float against int8 on {} validation images:", self.images)?;
        writeln!(f, "  AUROC     {} -> {}", area(self.float_auroc), area(self.int8_auroc))?;
        writeln!(f, "  accuracy  {:.4} -> {:.4}", self.float_accuracy, self.int8_accuracy)?;
        writeln!(f, "  |dp|      {:.4} (99th percentile)", self.difference_p99)?;
        write!(f, "  flipped   {}", self.flips.len())?;
        for flip in &self.flips {
            write!(f, "\n    {}  {:.4} -> {:.4}", flip.path, flip.float, flip.int8)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn scores(values: &[(f64, bool)]) -> Vec<ValidationScore> {
        let one = |(i, (probability, label)): (usize, &(f64, bool))| ValidationScore {
            path: format!("{i}.png"),
            sha256: String::new(),
            corruption: None,
            draw: None,
            source: String::new(),
            label: *label,
            probability: *probability,
        };
        values.iter().enumerate().map(one).collect()
    }

    fn compare(float: &[ValidationScore], int8: &[ValidationScore]) -> Int8Comparison {
        let at_half = |scores| ModelScores { scores, threshold: 0.5 };
        Int8Comparison::new(at_half(float), at_half(int8)).unwrap()
    }

    // Worked out by hand: of the 2 x 2 pairs the float model orders all four rightly, the int8 one three.
    #[test]
    fn losses_are_counted_and_held_against_the_budget() {
        let float = scores(&[(0.1, false), (0.4, false), (0.6, true), (0.9, true)]);
        let int8 = scores(&[(0.1, false), (0.7, false), (0.6, true), (0.8, true)]);
        let comparison = compare(&float, &int8);
        assert_eq!((comparison.float_auroc, comparison.int8_auroc), (Some(1.0), Some(0.75)));
        assert_eq!((comparison.float_accuracy, comparison.int8_accuracy), (1.0, 0.75));
        assert!((comparison.difference_p99 - 0.3).abs() < 1e-12);
        assert_eq!(comparison.flips, [VerdictFlip { path: "1.png".to_owned(), float: 0.4, int8: 0.7 }]);
        assert!(comparison.exceeded(&AccuracyBudget::default()).unwrap().contains("AUROC falls by 0.2500"));
        assert!(
            comparison
                .exceeded(&AccuracyBudget { auroc: 1.0, ..AccuracyBudget::default() })
                .unwrap()
                .contains("25.00 points")
        );
        assert_eq!(comparison.exceeded(&AccuracyBudget { auroc: 1.0, accuracy: 0.25 }), None);
        // A better int8 model is within any budget.
        let better = compare(&int8, &float);
        assert_eq!(better.exceeded(&AccuracyBudget { auroc: 0.0, accuracy: 0.0 }), None);
    }
}
