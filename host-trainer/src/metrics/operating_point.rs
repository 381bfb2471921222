//! Thresholds that reach a given sensitivity or specificity.

use super::{MetricsError, Scored, ThresholdRow, threshold_table};

/// The highest threshold at which at least this part (0..=1) of the positives is called positive, so that as few
/// negatives as possible are. The midpoint between the two neighbouring scores that it may lie between, as with
/// [`super::youden_threshold`].
///
/// # Errors
/// [`MetricsError`] without scores, with one that is not in 0..=1, or without a positive.
pub fn threshold_for_sensitivity(scored: &[Scored], least: f64) -> Result<f64, MetricsError> {
    let rows = threshold_table(scored)?;
    let reaches = |row: &ThresholdRow| row.confusion.sensitivity().is_some_and(|rate| rate >= least);
    let at = rows.iter().position(reaches).ok_or(MetricsError::OneClass { n: scored.len() })?;
    Ok(middle(&rows, at))
}

/// The lowest threshold at which at least this part (0..=1) of the negatives is called negative, so that as many
/// positives as possible are found. The midpoint, as above; over the highest score lies 1.
///
/// # Errors
/// [`MetricsError`] without scores, with one that is not in 0..=1, or without a negative.
pub fn threshold_for_specificity(scored: &[Scored], least: f64) -> Result<f64, MetricsError> {
    let rows = threshold_table(scored)?;
    if scored.iter().all(|(_, label)| *label) {
        return Err(MetricsError::OneClass { n: scored.len() });
    }
    let reaches = |row: &ThresholdRow| row.confusion.specificity().is_some_and(|rate| rate >= least);
    Ok(match rows.iter().rposition(reaches) {
        Some(at) => middle(&rows, at),
        // Even the highest score is a negative's too often: only above it is the rate reached.
        None => cut(rows[0].threshold, 1.0),
    })
}

/// Between the score of a row and the next lower one; below the lowest lies 0.
fn middle(rows: &[ThresholdRow], at: usize) -> f64 {
    cut(rows.get(at + 1).map_or(0.0, |row| row.threshold), rows[at].threshold)
}

/// The midpoint, which must lie over the lower end: that one's score is called negative.
fn cut(below: f64, above: f64) -> f64 {
    let middle = f64::midpoint(below, above);
    if middle > below { middle } else { above }
}
