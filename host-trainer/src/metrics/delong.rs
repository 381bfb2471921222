//! The variance of an AUROC, and the test of two AUROCs on the same images (DeLong, DeLong and
//! Clarke-Pearson 1988, doi 10.2307/2531595).

use serde::{Deserialize, Serialize};

use super::roc::placements;
use super::{Interval, MetricsError, Scored, Z95, check};

/// Two areas on the same images and the test that they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AurocComparison {
    /// Area of A.
    pub a: f64,
    /// Area of B.
    pub b: f64,
    /// Area of B less that of A, from -1 to 1.
    pub difference: f64,
    /// Its 95% interval; `None` when a class has one image only.
    pub interval: Option<Interval>,
    /// Two-sided p value; `None` when the variance is unknown, or 0 although the areas differ.
    pub p: Option<f64>,
}

/// The variance of [`super::auroc`]; `None` when a class has one image only.
///
/// # Errors
/// As [`super::auroc`].
pub fn auroc_variance(scored: &[Scored]) -> Result<Option<f64>, MetricsError> {
    let parts = Parts::new(scored)?;
    Ok(parts.covariance(&parts))
}

/// Compares two scores of the same images; each is the score of A, the score of B and the label.
///
/// # Errors
/// As [`super::auroc`], for A or B.
pub fn compare_auroc(paired: &[(f64, f64, bool)]) -> Result<AurocComparison, MetricsError> {
    let of = |score: fn(&(f64, f64, bool)) -> f64| {
        Parts::new(&paired.iter().map(|image| (score(image), image.2)).collect::<Vec<_>>())
    };
    let (first, second) = (of(|image| image.0)?, of(|image| image.1)?);
    let (a, b) = (mean(&first.positives), mean(&second.positives));
    let difference = b - a;
    let variance =
        || Some(first.covariance(&first)? + second.covariance(&second)? - 2.0 * first.covariance(&second)?);
    // Rounding can leave a variance of 0 a hair below it.
    let error = variance().map(|variance| variance.max(0.0).sqrt());
    let interval = error.map(|error| Interval {
        low: (difference - Z95 * error).max(-1.0),
        high: (difference + Z95 * error).min(1.0),
    });
    let p = error.and_then(|error| match (difference == 0.0, error > 0.0) {
        (true, _) => Some(1.0),
        (false, true) => Some(two_sided(difference / error)),
        (false, false) => None,
    });
    Ok(AurocComparison { a, b, difference, interval, p })
}

/// The chance of a standard normal value at least this far from 0.
fn two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The structural components: for each image the part of the other class that it is ranked rightly against, in
/// the order of the images.
struct Parts {
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Parts {
    fn new(scored: &[Scored]) -> Result<Parts, MetricsError> {
        check(scored)?;
        let of = |wanted: bool| -> Vec<f64> {
            scored.iter().filter(|(_, label)| *label == wanted).map(|(score, _)| *score).collect()
        };
        let (positives, negatives) = (of(true), of(false));
        if positives.is_empty() || negatives.is_empty() {
            return Err(MetricsError::OneClass { n: scored.len() });
        }
        let sorted = |scores: &[f64]| {
            let mut scores = scores.to_vec();
            scores.sort_by(f64::total_cmp);
            scores
        };
        let below = placements(&positives, &sorted(&negatives));
        let above = placements(&negatives, &sorted(&positives)).into_iter().map(|part| 1.0 - part).collect();
        Ok(Parts { positives: below, negatives: above })
    }

    /// The covariance of two areas; `None` when a class has one image only.
    fn covariance(&self, other: &Parts) -> Option<f64> {
        let positives = covariance_of_mean(&self.positives, &other.positives)?;
        Some(positives + covariance_of_mean(&self.negatives, &other.negatives)?)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Unbiased covariance over the number of values; `None` below two.
fn covariance_of_mean(a: &[f64], b: &[f64]) -> Option<f64> {
    let (n, mean_a, mean_b) = (a.len(), mean(a), mean(b));
    let products: f64 = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
    (n >= 2).then(|| products / ((n - 1) * n) as f64)
}
