//! The log loss (mean binary cross-entropy).

use super::{MetricsError, Scored, check};

/// Mean of -ln of the probability given to the true class; 0 is best.
///
/// Probabilities are kept `f64::EPSILON` (2.2e-16) away from 0 and 1, as scikit-learn's `log_loss` does for
/// double precision, so one certain and wrong call among n costs 36.04 / n and not infinity.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn log_loss(scored: &[Scored]) -> Result<f64, MetricsError> {
    check(scored)?;
    let sum: f64 = scored
        .iter()
        .map(|(score, label)| {
            let p = score.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
            -(if *label { p } else { 1.0 - p }).ln()
        })
        .sum();
    Ok(sum / scored.len() as f64)
}
