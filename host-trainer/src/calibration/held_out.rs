//! Cross-validation of an operating point: figures on images that it was not chosen on.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{LocalRules, LocalScore};
use crate::metrics::{Confusion, Rate, Scored, reliability};

/// Parts that the patients are divided into.
pub const FOLDS: usize = 5;

/// Figures on held-out images: for each part of the patients, an operating point was chosen on the other parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldOut {
    pub folds: usize,
    pub sensitivity: Rate,
    pub specificity: Rate,
    /// Of all held-out images together, 0..1.
    pub expected_calibration_error: f64,
}

/// Cross-validates the rules; the patients of each class are dealt to [`FOLDS`] parts in the order of a hash of their names.
/// `None` if a class has fewer patients than parts, or a rule cannot be met without one of the parts.
pub fn held_out(rules: &LocalRules, scores: &[LocalScore], temperature: f64) -> Option<HeldOut> {
    let folds = folds_of(scores)?;
    let mut counts = Confusion::default();
    let mut calibrated: Vec<Scored> = Vec::with_capacity(scores.len());
    for fold in 0..FOLDS {
        let is_held = |score: &&LocalScore| folds.get(score.patient.as_str()) == Some(&fold);
        let others: Vec<Scored> =
            scores.iter().filter(|score| !is_held(score)).map(LocalScore::scored).collect();
        let point = rules.choose(&others, temperature).ok()?;
        let held: Vec<Scored> = (scores.iter().filter(is_held))
            .map(|score| (point.calibration.apply_to(score.uncalibrated), score.label))
            .collect();
        let of_fold = Confusion::at(&held, point.threshold);
        counts = Confusion {
            tp: counts.tp + of_fold.tp,
            fp: counts.fp + of_fold.fp,
            tn: counts.tn + of_fold.tn,
            fn_: counts.fn_ + of_fold.fn_,
        };
        calibrated.extend(held);
    }
    Some(HeldOut {
        folds: FOLDS,
        sensitivity: Rate::new(counts.tp, counts.tp + counts.fn_),
        specificity: Rate::new(counts.tn, counts.tn + counts.fp),
        expected_calibration_error: reliability(&calibrated).ok()?.expected_error,
    })
}

/// The part of each patient.
fn folds_of(scores: &[LocalScore]) -> Option<BTreeMap<&str, usize>> {
    // A patient with one positive image counts as positive.
    let mut patients: BTreeMap<&str, bool> = BTreeMap::new();
    for score in scores {
        *patients.entry(&score.patient).or_default() |= score.label;
    }
    let mut folds = BTreeMap::new();
    for label in [false, true] {
        let mut class: Vec<&str> =
            patients.iter().filter(|(_, positive)| **positive == label).map(|(name, _)| *name).collect();
        if class.len() < FOLDS {
            return None;
        }
        class.sort_by_cached_key(|patient| <[u8; 32]>::from(Sha256::digest(patient)));
        folds.extend(class.into_iter().enumerate().map(|(at, patient)| (patient, at % FOLDS)));
    }
    Some(folds)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn score(patient: &str, label: bool, uncalibrated: f64) -> LocalScore {
        LocalScore { id: patient.to_owned(), patient: patient.to_owned(), label, uncalibrated }
    }

    fn rules(threshold: &str) -> LocalRules {
        LocalRules { threshold: threshold.parse().unwrap(), keep_temperature: true, abstain: None }
    }

    #[test]
    fn images_of_a_patient_are_held_out_together() {
        let mut scores: Vec<LocalScore> =
            (0..10).map(|n| score(&format!("p{n}"), n % 2 == 0, 0.4 + 0.02 * f64::from(n))).collect();
        scores.push(score("p3", false, 0.1));
        let folds = folds_of(&scores).unwrap();
        assert_eq!(folds.len(), 10);
        let sizes = (0..FOLDS).map(|fold| folds.values().filter(|of| **of == fold).count());
        assert_eq!(sizes.collect::<Vec<_>>(), [2; FOLDS]);
    }

    #[test]
    fn the_lowest_positive_is_missed_when_it_is_held_out() {
        // Each positive has a part of its own. Without the one at .3 the threshold lies between .24 and .6, where it is
        // missed; the others are found. Of the negatives none is over .24, under every threshold.
        let mut scores: Vec<LocalScore> =
            [0.3, 0.6, 0.7, 0.8, 0.9].iter().map(|p| score(&format!("p{p}"), true, *p)).collect();
        scores.extend([0.05, 0.1, 0.15, 0.2, 0.24].iter().map(|p| score(&format!("n{p}"), false, *p)));
        let found = held_out(&rules("sensitivity>=0.99"), &scores, 1.0).unwrap();
        assert_eq!((found.sensitivity.value, found.sensitivity.n), (Some(0.8), 5));
        assert_eq!((found.specificity.value, found.specificity.n), (Some(1.0), 5));
        scores.remove(0);
        assert_eq!(held_out(&rules("youden"), &scores, 1.0), None);
    }
}
