//! Figures on changed validation images: how a model stands a domain shift.

use std::collections::BTreeMap;

use crate::data::corrupt::{Corruption, Kind, SUITE_VERSION};
use crate::metrics::{Confusion, Evaluation, MetricsError, Rate, Scored, auroc, auroc_interval};
use crate::run::{CorruptionFigures, DomainShiftRecord, ValidationScore, ViewKind, scored};

/// The scores of the unchanged images, and of the corrupted ones.
pub(crate) fn split_by_corruption(
    scores: &[ValidationScore],
) -> (Vec<ValidationScore>, Vec<ValidationScore>) {
    let of = |kind| scores.iter().filter(|score| score.kind() == kind).cloned().collect();
    (of(ViewKind::Plain), of(ViewKind::Corrupted))
}

/// Figures at the threshold on calibrated scores of corrupted images; `None` without such scores.
///
/// # Errors
/// [`MetricsError`] if a score is no probability.
pub(crate) fn domain_shift(
    scores: &[ValidationScore],
    corruptions: u32,
    threshold: f64,
) -> Result<Option<DomainShiftRecord>, MetricsError> {
    if scores.is_empty() {
        return Ok(None);
    }
    let mut kinds: BTreeMap<Kind, Vec<Scored>> = BTreeMap::new();
    for score in scores {
        let corruption = score.corruption.as_deref().and_then(|name| name.parse::<Corruption>().ok());
        if let Some(corruption) = corruption {
            kinds.entry(corruption.kind()).or_default().push((score.probability, score.label));
        }
    }
    let figures = |(kind, scores): (Kind, Vec<Scored>)| {
        let c = Confusion::at(&scores, threshold);
        CorruptionFigures {
            kind: kind.name().to_owned(),
            images: scores.len(),
            auroc: auroc(&scores).ok(),
            auroc_interval: auroc_interval(&scores).ok().flatten(),
            sensitivity: Rate::new(c.tp, c.tp + c.fn_),
            specificity: Rate::new(c.tn, c.tn + c.fp),
        }
    };
    Ok(Some(DomainShiftRecord {
        suite: SUITE_VERSION,
        corruptions,
        evaluation: Evaluation::new(&scored(scores), threshold)?,
        kinds: kinds.into_iter().map(figures).collect(),
    }))
}
