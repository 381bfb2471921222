//! The Brier score: mean squared distance of probabilities from the labels.

use super::{MetricsError, Scored, check};

/// Mean squared distance of the probability from 1 for a positive, from 0 for a negative (Brier 1950,
/// doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2). 0 is best; always saying one half gives 0.25.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn brier_score(scored: &[Scored]) -> Result<f64, MetricsError> {
    check(scored)?;
    let sum: f64 = scored.iter().map(|(p, label)| (p - f64::from(*label)).powi(2)).sum();
    Ok(sum / scored.len() as f64)
}
