//! What people should know before they use a new operating point.

use std::collections::BTreeSet;

use xray_core::package::Contract;

use super::CalibrateOptions;
use super::images::LocalScores;
use crate::calibration::{ClassCounts, LocalScore};
use crate::data::Item;

/// With fewer images of a class the intervals are so wide that a warning is due.
const ENOUGH_OF_CLASS: usize = 50;

/// Share of images that the quality gate may refuse without a warning.
const REFUSED: f64 = 0.1;

/// Warnings, each with what to do.
pub(super) fn advice(options: &CalibrateOptions, earlier: &Contract, local: &LocalScores) -> Vec<String> {
    let mut warnings = Vec::new();
    let counts = ClassCounts::of(&local.scores);
    if counts.fewest() < ENOUGH_OF_CLASS {
        warnings.push(format!(
            "{} images without and {} with the finding are few: give at least {ENOUGH_OF_CLASS} of each, or expect the \
             intervals that are shown",
            counts.negatives, counts.positives
        ));
    }
    if local.refused as f64 > REFUSED * counts.all() as f64 && !options.refit_gate {
        warnings.push(format!(
            "the quality gate refuses {} of {} images: a device will give no result for such; see --refit-gate",
            local.refused,
            counts.all()
        ));
    }
    if earlier.abstain.is_some() && options.rules.abstain.is_none() {
        warnings.push(
            "the model has an abstain band, which does not fit the new temperature and is left out; choose one with --abstain"
                .to_owned(),
        );
    }
    warnings
}

/// Images that both operating points were chosen and judged on.
pub(super) fn overlap(scores: &[LocalScore], others: &[Item]) -> Option<String> {
    let known: BTreeSet<&str> = scores.iter().map(|score| score.id.as_str()).collect();
    let both = others.iter().filter(|item| known.contains(item.sha256.as_str())).count();
    (both > 0).then(|| format!("{both} images are on both sides: the figures on --judge are too good"))
}
