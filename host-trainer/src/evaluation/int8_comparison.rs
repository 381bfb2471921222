//! The int8 model against the float one on the validation images.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xray_core::package::QuantisationRecord;

use super::head_fit::scored;
use crate::files::if_there;
use crate::metrics::{Evaluation, MetricsError};
use crate::run::ValidationScore;

/// What an int8 model may lose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Of the area under the ROC curve.
    pub auroc: f64,
    /// Of the share that is called rightly.
    pub accuracy: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { auroc: 0.003, accuracy: 0.005 }
    }
}

/// An image that the two models call differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// The file, below the data folder.
    pub path: String,
    /// Probability under the float model.
    pub float: f64,
    /// Probability under the int8 model.
    pub int8: f64,
}

/// How far the int8 model is from the float one, each judged at its own threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Images that both models scored.
    pub images: usize,
    /// Area under the ROC curve; none if the images are of one class.
    pub float_auroc: Option<f64>,
    /// As above, of the int8 model.
    pub int8_auroc: Option<f64>,
    /// Share called rightly.
    pub float_accuracy: f64,
    /// As above, of the int8 model.
    pub int8_accuracy: f64,
    /// 99th percentile of the difference of the probabilities.
    pub difference_p99: f64,
    /// Images that are called differently.
    pub flips: Vec<Flip>,
}

/// A comparison as it lies beside its model, in `MODEL.onnx.comparison.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OfModel<C> {
    /// SHA-256 (hex) of the model file.
    model: String,
    #[serde(flatten)]
    comparison: C,
}

/// Why a comparison beside a model could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}; export the model again for the list of images that quantising made it call differently", .path.display())]
pub struct ComparisonError {
    path: PathBuf,
    reason: String,
}

/// Where the comparison of float and int8 lies, with the list of verdicts that flipped: `MODEL.onnx.comparison.json`.
pub fn comparison_path(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(".comparison.json");
    name.into()
}

/// Compares two models on the images that both scored, each at its threshold.
///
/// # Errors
/// [`MetricsError`] if there is no such image.
pub(super) fn compare(
    (float, float_threshold): (&[ValidationScore], f64),
    (int8, int8_threshold): (&[ValidationScore], f64),
) -> Result<Comparison, MetricsError> {
    let known: HashMap<&str, f64> = float.iter().map(|s| (s.path.as_str(), s.probability)).collect();
    let pairs: Vec<(f64, &ValidationScore)> =
        int8.iter().filter_map(|score| Some((*known.get(score.path.as_str())?, score))).collect();
    let int8: Vec<ValidationScore> = pairs.iter().map(|(_, score)| (*score).clone()).collect();
    let float: Vec<ValidationScore> = pairs
        .iter()
        .map(|(probability, score)| ValidationScore { probability: *probability, ..(*score).clone() })
        .collect();
    let judged_float = Evaluation::new(&scored(&float), float_threshold)?;
    let judged_int8 = Evaluation::new(&scored(&int8), int8_threshold)?;
    let mut differences: Vec<f64> = pairs.iter().map(|(p, score)| (p - score.probability).abs()).collect();
    differences.sort_by(f64::total_cmp);
    let flipped =
        |(p, s): &&(f64, &ValidationScore)| (*p >= float_threshold) != (s.probability >= int8_threshold);
    Ok(Comparison {
        images: pairs.len(),
        float_auroc: judged_float.auroc,
        int8_auroc: judged_int8.auroc,
        float_accuracy: judged_float.accuracy.value.unwrap_or(0.0),
        int8_accuracy: judged_int8.accuracy.value.unwrap_or(0.0),
        difference_p99: percentile(&differences, 0.99),
        flips: pairs
            .iter()
            .filter(flipped)
            .map(|(p, s)| Flip { path: s.path.clone(), float: *p, int8: s.probability })
            .collect(),
    })
}

/// The least value that at least this share of the sorted values does not exceed (nearest rank).
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

impl Comparison {
    /// What `export` wrote beside a model whose SHA-256 (hex) is this; none if nothing is there.
    ///
    /// # Errors
    /// [`ComparisonError`] if the file cannot be read, or is of another model.
    pub fn beside(model: &Path, sha256: &str) -> Result<Option<Comparison>, ComparisonError> {
        let path = comparison_path(model);
        let failed = |reason: String| ComparisonError { path: path.clone(), reason };
        let Some(bytes) = if_there(std::fs::read(&path)).map_err(|error| failed(error.to_string()))? else {
            return Ok(None);
        };
        let read: OfModel<Comparison> =
            serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        if read.model != sha256 {
            return Err(failed("it is of another model".to_owned()));
        }
        Ok(Some(read.comparison))
    }

    /// With the SHA-256 (hex) of the model that it is of.
    pub(super) fn of_model(&self, sha256: &str) -> OfModel<&Comparison> {
        OfModel { model: sha256.to_owned(), comparison: self }
    }

    /// What is over the budget, in words; none if nothing is.
    pub fn over(&self, budget: &Budget) -> Option<String> {
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

    /// What goes into the package.
    pub(super) fn record(&self, head_on: &str, calibration_images: usize) -> QuantisationRecord {
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

impl std::fmt::Display for Comparison {
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
            label: *label,
            probability: *probability,
        };
        values.iter().enumerate().map(one).collect()
    }

    #[test]
    fn what_lies_beside_a_model_is_of_that_model() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.onnx");
        assert_eq!(Comparison::beside(&model, "aa").unwrap(), None);
        let made = compare((&scores(&[(0.4, true)]), 0.5), (&scores(&[(0.6, true)]), 0.5)).unwrap();
        std::fs::write(
            folder.path().join("m.onnx.comparison.json"),
            serde_json::to_vec(&made.of_model("aa")).unwrap(),
        )
        .unwrap();
        assert_eq!(Comparison::beside(&model, "aa").unwrap(), Some(made));
        let other = Comparison::beside(&model, "bb").unwrap_err().to_string();
        assert!(other.contains("m.onnx.comparison.json: it is of another model"), "{other}");
    }

    // Worked out by hand: of the 2 x 2 pairs the float model orders all four rightly, the int8 one three.
    #[test]
    fn losses_are_counted_and_held_against_the_budget() {
        let float = scores(&[(0.1, false), (0.4, false), (0.6, true), (0.9, true)]);
        let int8 = scores(&[(0.1, false), (0.7, false), (0.6, true), (0.8, true)]);
        let comparison = compare((&float, 0.5), (&int8, 0.5)).unwrap();
        assert_eq!((comparison.float_auroc, comparison.int8_auroc), (Some(1.0), Some(0.75)));
        assert_eq!((comparison.float_accuracy, comparison.int8_accuracy), (1.0, 0.75));
        assert!((comparison.difference_p99 - 0.3).abs() < 1e-12);
        assert_eq!(comparison.flips, [Flip { path: "1.png".to_owned(), float: 0.4, int8: 0.7 }]);
        assert!(comparison.over(&Budget::default()).unwrap().contains("AUROC falls by 0.2500"));
        assert!(
            comparison.over(&Budget { auroc: 1.0, ..Budget::default() }).unwrap().contains("25.00 points")
        );
        assert_eq!(comparison.over(&Budget { auroc: 1.0, accuracy: 0.25 }), None);
        // A better int8 model is within any budget.
        let better = compare((&int8, 0.5), (&float, 0.5)).unwrap();
        assert_eq!(better.over(&Budget { auroc: 0.0, accuracy: 0.0 }), None);
    }
}
