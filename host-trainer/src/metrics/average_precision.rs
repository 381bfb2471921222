//! Average precision: the area under the precision-recall curve.

use super::{MetricsError, Scored, threshold_table};

/// Average precision: the precision at each threshold, weighted by the sensitivity that it adds, from the
/// highest threshold down: Σ (Rₙ - Rₙ₋₁) Pₙ. No interpolation, as scikit-learn. From 0 to 1; a ranking that
/// knows nothing has the share of positives. `None` when no image is positive.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn average_precision(scored: &[Scored]) -> Result<Option<f64>, MetricsError> {
    let mut sum = 0.0;
    let mut found = 0;
    for row in threshold_table(scored)? {
        let c = row.confusion;
        sum += (c.tp - found) as f64 * c.tp as f64 / (c.tp + c.fp) as f64;
        found = c.tp;
    }
    Ok((found > 0).then(|| sum / found as f64))
}
