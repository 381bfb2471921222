//! What a model file says of the run that it is from.

use std::collections::BTreeMap;

use xray_core::package::{BackboneRecord, Contract, Precision, Training};

use super::head_fit::scored;
use crate::metrics::{Evaluation, MetricsError};
use crate::run::{RunRecord, ValidationScore};

/// The contract of a model made from a run; its figures are those of the run.
pub(super) fn contract(record: &RunRecord, precision: Precision) -> Contract {
    let validation_images = record.data.validation.iter().sum::<usize>();
    Contract {
        version: 0,
        preprocessing: record.preprocessing.clone(),
        labels: record.labels.clone(),
        threshold: record.threshold,
        threshold_rule: record.threshold_rule.clone(),
        temperature: record.temperature.unwrap_or(1.0),
        abstain: record.abstain.as_ref().and_then(|abstain| abstain.band),
        precision,
        backbones: record
            .backbones
            .iter()
            .map(|backbone| BackboneRecord {
                name: backbone.kind.name().to_owned(),
                weights: backbone.provenance.to_string(),
                random: backbone.provenance.is_random(),
                fingerprint: backbone.fingerprint.clone(),
            })
            .collect(),
        features: record.backbones.iter().map(|backbone| backbone.kind.features()).sum(),
        training: Training {
            data_fingerprint: record.data.fingerprint.clone(),
            train_images: record.data.train.iter().sum(),
            validation_images,
            seed: record.training.seed,
            epochs: record.training.epochs,
            program: record.program.clone(),
        },
        validation: figures(&record.validation, validation_images),
        quantisation: None,
        known_answer: None,
        gate: None,
    }
}

/// Puts the figures of the file itself, from its calibrated scores, in the place of those of the run.
///
/// # Errors
/// [`MetricsError`] if there are no scores.
pub(super) fn judged_by(contract: &mut Contract, scores: &[ValidationScore]) -> Result<(), MetricsError> {
    let evaluation = Evaluation::new(&scored(scores), contract.threshold)?;
    contract.validation = figures(&evaluation, scores.len());
    Ok(())
}

fn figures(validation: &Evaluation, images: usize) -> BTreeMap<String, f64> {
    let all = [
        ("accuracy", validation.accuracy.value),
        ("sensitivity", validation.sensitivity.value),
        ("specificity", validation.specificity.value),
        ("auroc", validation.auroc),
        ("log_loss", Some(validation.log_loss)),
        ("images", Some(images as f64)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
