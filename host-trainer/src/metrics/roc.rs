//! The ROC curve: its area (AUROC), and Youden's threshold.

use super::{MetricsError, Scored, check};

/// Area under the ROC curve: the chance that a positive scores above a negative, ties counting half
/// (Mann-Whitney U / (m n); Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747). From 0 to 1.
///
/// # Errors
/// [`MetricsError`] without scores, with one that is not in 0..=1, or with one class only.
pub fn auroc(scored: &[Scored]) -> Result<f64, MetricsError> {
    let (positives, negatives) = by_class(scored)?;
    let places = placements(&positives, &negatives);
    Ok(places.iter().sum::<f64>() / places.len() as f64)
}

/// The threshold of greatest sensitivity + specificity - 1 (Youden 1950).
///
/// Any cut between two neighbouring scores calls alike, so a best value holds on a whole interval, or on
/// several. The answer is the midpoint of the first of them that has the best value, from the lowest score up;
/// below the lowest score lies 0 and above the highest 1. Scores of the threshold or more are positive.
///
/// # Errors
/// As [`auroc`].
pub fn youden_threshold(scored: &[Scored]) -> Result<f64, MetricsError> {
    let (positives, negatives) = by_class(scored)?;
    let (m, n) = (positives.len() as i128, negatives.len() as i128);
    let mut ordered = scored.to_vec();
    ordered.sort_by(|a, b| a.0.total_cmp(&b.0));

    // J times m n, in whole numbers so that equal values compare equal. A cut below all scores has J = 0.
    let (mut best, mut ends) = (0, (0.0, ordered[0].0));
    let (mut false_negatives, mut true_negatives) = (0, 0);
    for (i, (score, label)) in ordered.iter().enumerate() {
        if *label {
            false_negatives += 1
        } else {
            true_negatives += 1
        }
        let next = ordered.get(i + 1).map(|(score, _)| *score);
        if next == Some(*score) {
            continue;
        }
        let j = true_negatives * m - false_negatives * n;
        if j > best {
            (best, ends) = (j, (*score, next.unwrap_or(1.0)));
        }
    }
    let middle = ends.0 + (ends.1 - ends.0) / 2.0;
    // Between two neighbouring floats the midpoint rounds to one of them; the upper one cuts rightly.
    Ok(if middle > ends.0 { middle } else { ends.1 })
}

/// The scores of each class, sorted.
pub(super) fn by_class(scored: &[Scored]) -> Result<(Vec<f64>, Vec<f64>), MetricsError> {
    check(scored)?;
    let of = |wanted: bool| {
        let mut scores: Vec<f64> =
            scored.iter().filter(|(_, label)| *label == wanted).map(|(score, _)| *score).collect();
        scores.sort_by(f64::total_cmp);
        scores
    };
    let (positives, negatives) = (of(true), of(false));
    if positives.is_empty() || negatives.is_empty() {
        return Err(MetricsError::OneClass { n: scored.len() });
    }
    Ok((positives, negatives))
}

/// For each of `scores`, the part of the sorted `others` below it, ties counting half.
pub(super) fn placements(scores: &[f64], others: &[f64]) -> Vec<f64> {
    scores
        .iter()
        .map(|score| {
            let below = others.partition_point(|other| other < score);
            let not_above = others.partition_point(|other| other <= score);
            (below + not_above) as f64 / (2 * others.len()) as f64
        })
        .collect()
}
