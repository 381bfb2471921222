//! Figures on images that a head was neither trained nor chosen on.

use serde::{Deserialize, Serialize};

use crate::metrics::{Confusion, Interval, MetricsError, Rate, Scored, auroc, auroc_interval, reliability};

/// Figures at an operating point on held-out images as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOutFigures {
    /// Images by label (negative, positive).
    pub images: [usize; 2],
    /// The operating point, on calibrated probabilities.
    pub threshold: f64,
    /// None if the images are of one class.
    pub auroc: Option<f64>,
    /// Its 95% interval (DeLong).
    pub auroc_interval: Option<Interval>,
    pub sensitivity: Rate,
    pub specificity: Rate,
    /// Expected calibration error, 0..1.
    pub expected_calibration_error: f64,
}

impl HeldOutFigures {
    /// The figures of calibrated scores.
    ///
    /// # Errors
    /// [`MetricsError`] without scores.
    pub fn new(calibrated: &[Scored], threshold: f64) -> Result<Self, MetricsError> {
        let counts = Confusion::at(calibrated, threshold);
        let positives = counts.tp + counts.fn_;
        let negatives = counts.tn + counts.fp;
        Ok(HeldOutFigures {
            images: [negatives as usize, positives as usize],
            threshold,
            expected_calibration_error: reliability(calibrated)?.expected_error,
            auroc: auroc(calibrated).ok(),
            auroc_interval: auroc_interval(calibrated).ok().flatten(),
            sensitivity: Rate::new(counts.tp, positives),
            specificity: Rate::new(counts.tn, negatives),
        })
    }
}

/// The hospital that was left out of a training, and how the head does there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOutSource {
    pub name: String,
    /// On its training and validation images.
    pub figures: HeldOutFigures,
}

/// Mean and sample standard deviation of a figure over folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub mean: f64,
    /// With n - 1 in the denominator; none of one fold.
    pub deviation: Option<f64>,
}

impl Spread {
    /// None without values.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        (!values.is_empty()).then_some(Spread { mean, deviation })
    }
}

/// Cross-validation by patient: of each fold a head that was trained and chosen on the other folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldsRecord {
    pub folds: Vec<HeldOutFigures>,
    pub auroc: Option<Spread>,
    pub sensitivity: Option<Spread>,
    pub specificity: Option<Spread>,
    pub expected_calibration_error: Option<Spread>,
}

impl FoldsRecord {
    pub fn new(folds: Vec<HeldOutFigures>) -> FoldsRecord {
        let of = |figure: fn(&HeldOutFigures) -> Option<f64>| {
            Spread::of(&folds.iter().filter_map(figure).collect::<Vec<_>>())
        };
        FoldsRecord {
            auroc: of(|fold| fold.auroc),
            sensitivity: of(|fold| fold.sensitivity.value),
            specificity: of(|fold| fold.specificity.value),
            expected_calibration_error: of(|fold| Some(fold.expected_calibration_error)),
            folds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_by_hand() {
        // Of 2, 4, 4, 4, 5, 5, 7, 9 the mean is 5 and the squares sum to 32: the root of 32 / 7.
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        let expected = Spread { mean: 5.0, deviation: Some((32.0f64 / 7.0).sqrt()) };
        assert_eq!(spread, Some(expected));
        assert_eq!(Spread::of(&[0.5]), Some(Spread { mean: 0.5, deviation: None }));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn folds_are_summed_up() {
        let fold = |low: f64| {
            let scores = [(low, false), (0.3, false), (0.6, true), (0.9, true)];
            HeldOutFigures::new(&scores, 0.65).ok()
        };
        // AUROC 1 and 3/4; sensitivity 1/2 in both; specificity 1 and 1/2.
        let folds: Vec<_> = [fold(0.1), fold(0.7)].into_iter().flatten().collect();
        assert_eq!((folds.len(), folds[0].images), (2, [2, 2]));
        let record = FoldsRecord::new(folds);
        let mean = |spread: Option<Spread>| spread.map(|spread| spread.mean);
        assert_eq!(mean(record.auroc), Some(0.875));
        assert_eq!(mean(record.sensitivity), Some(0.5));
        assert_eq!(mean(record.specificity), Some(0.75));
    }
}
