//! What a model file says of the run that it is from.

use std::collections::BTreeMap;

use xray_core::package::{BackboneRecord, Contract, Labels, Precision, Training};
use xray_core::preprocess::Preprocessing;

use super::head_fit::scored;
use super::operating_point::ThresholdRule;
use crate::metrics::{Evaluation, MetricsError};
use crate::run::{BackboneUse, ChooseOn, RunRecord, ValidationScore};

/// The contract of a model made from a run; its figures are those of the run.
pub(super) fn contract(record: &RunRecord, precision: Precision) -> Contract {
    let validation_images = record.data.validation.iter().sum::<usize>();
    Contract {
        version: 0,
        preprocessing: record.preprocessing.clone(),
        labels: record.labels.clone(),
        threshold: record.threshold,
        threshold_rule: rule(record),
        temperature: record.temperature.unwrap_or(1.0),
        abstain: record.abstain.as_ref().and_then(|abstain| abstain.band),
        precision,
        backbones: backbones(&record.backbones),
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
        quality_gate: None,
    }
}

/// The contract of a model that has no trained head yet.
pub(super) fn draft(
    preprocessing: &Preprocessing,
    labels: &Labels,
    stack: &[BackboneUse],
    seed: u64,
    precision: Precision,
) -> Contract {
    Contract {
        version: 0,
        preprocessing: preprocessing.clone(),
        labels: labels.clone(),
        threshold: 0.5,
        threshold_rule: "none: the head is not trained".to_owned(),
        temperature: 1.0,
        abstain: None,
        precision,
        backbones: backbones(stack),
        features: stack.iter().map(|backbone| backbone.kind.features()).sum(),
        training: Training {
            data_fingerprint: String::new(),
            train_images: 0,
            validation_images: 0,
            seed,
            epochs: 0,
            program: concat!("host-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
        },
        validation: BTreeMap::new(),
        quantisation: None,
        known_answer: None,
        quality_gate: None,
    }
}

fn backbones(stack: &[BackboneUse]) -> Vec<BackboneRecord> {
    let one = |backbone: &BackboneUse| BackboneRecord {
        name: backbone.kind.name().to_owned(),
        weights: backbone.provenance.to_string(),
        random: backbone.provenance.is_random(),
        fingerprint: backbone.fingerprint.clone(),
    };
    stack.iter().map(one).collect()
}

/// The rule of the threshold, and on what it was met; a number that was named was met on nothing.
fn rule(record: &RunRecord) -> String {
    let chosen = record.threshold_rule != ThresholdRule::FIXED;
    match (&record.shift, record.choose_on) {
        (Some(shift), ChooseOn::Corrupted) if chosen => format!(
            "{} on validation images and {} corruptions of each (suite {})",
            record.threshold_rule, shift.corruptions, shift.suite
        ),
        _ => record.threshold_rule.clone(),
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
