//! 95% confidence intervals.

use serde::{Deserialize, Serialize};

use super::{MetricsError, Scored, auroc, auroc_variance};

/// The 97.5% point of the standard normal distribution.
pub const Z95: f64 = 1.959964;

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The 95% score interval of a proportion (Wilson 1927, doi 10.1080/01621459.1927.10502953); `None` when
/// `n` is 0 or `successes` above it.
pub fn wilson(successes: u64, n: u64) -> Option<Interval> {
    if n == 0 || successes > n {
        return None;
    }
    let (count, p) = (n as f64, successes as f64 / n as f64);
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * count)) / (1.0 + z2 / count);
    let half = Z95 / (1.0 + z2 / count) * (p * (1.0 - p) / count + z2 / (4.0 * count * count)).sqrt();
    // The exact ends for none and all are 0 and 1; rounding would leave them a hair beside.
    let low = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if successes == n { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { low, high })
}

/// The 95% interval of [`super::auroc`] by DeLong's variance (DeLong 1988, doi 10.2307/2531595), cut to
/// 0..=1. `None` when a class has one image only, so that its variance is unknown. At an area of exactly 0 or 1
/// the variance is 0 and the interval a point: that is a weakness of the method, not certainty.
///
/// # Errors
/// As [`super::auroc`].
pub fn auroc_interval(scored: &[Scored]) -> Result<Option<Interval>, MetricsError> {
    let area = auroc(scored)?;
    Ok(auroc_variance(scored)?.map(|variance| {
        let half = Z95 * variance.sqrt();
        Interval { low: (area - half).max(0.0), high: (area + half).min(1.0) }
    }))
}
