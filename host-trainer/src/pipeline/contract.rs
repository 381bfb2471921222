//! The contract of a model file, from the run that it is made of.

use std::collections::BTreeMap;

use xray_core::package::{BackboneRecord, Contract, Labels, Precision, Training};
use xray_core::preprocess::Preprocessing;

use crate::evaluation::ThresholdRule;
use crate::metrics::{Evaluation, MetricsError};
use crate::run::{BackboneUse, ChooseOn, RunRecord, ValidationScore, scored};

/// The contract of a model made from a run; its figures are those of the run.
pub(crate) fn contract_of_run(record: &RunRecord, precision: Precision) -> Contract {
    let validation_images = record.data.validation.iter().sum::<usize>();
    Contract {
        version: 0,
        preprocessing: record.preprocessing.clone(),
        labels: record.labels.clone(),
        threshold: record.threshold,
        threshold_rule: threshold_rule(record),
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
        local_calibration: None,
        known_answer: None,
        quality_gate: None,
    }
}

/// The contract of a model whose head is not trained yet.
pub(super) fn untrained_contract(
    preprocessing: &Preprocessing,
    labels: &Labels,
    used: &[BackboneUse],
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
        backbones: backbones(used),
        features: used.iter().map(|backbone| backbone.kind.features()).sum(),
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
        local_calibration: None,
        known_answer: None,
        quality_gate: None,
    }
}

fn backbones(used: &[BackboneUse]) -> Vec<BackboneRecord> {
    let one = |backbone: &BackboneUse| BackboneRecord {
        name: backbone.kind.name().to_owned(),
        weights: backbone.provenance.to_string(),
        random: backbone.provenance.is_random(),
        fingerprint: backbone.fingerprint.clone(),
    };
    used.iter().map(one).collect()
}

/// The rule of the threshold, with the images that it was met on; a fixed number was met on none.
fn threshold_rule(record: &RunRecord) -> String {
    let chosen = record.threshold_rule != ThresholdRule::FIXED;
    let rule = match (&record.domain_shift, record.choose_on) {
        (Some(shift), ChooseOn::Corrupted) if chosen => format!(
            "{} on validation images and {} corruptions of each (suite {})",
            record.threshold_rule, shift.corruptions, shift.suite
        ),
        (_, ChooseOn::Drawn) if chosen => {
            format!("{} on validation images as they are and drawn", record.threshold_rule)
        }
        (_, ChooseOn::Worst) if chosen => {
            format!("{} in every hospital and view of the validation images", record.threshold_rule)
        }
        _ => record.threshold_rule.clone(),
    };
    match &record.choose_source {
        Some(source) if chosen => format!("{rule}, of {source} alone"),
        _ => rule,
    }
}

/// Replaces the figures of the run by those of the file itself, from its calibrated scores.
///
/// # Errors
/// [`MetricsError`] if there are no scores.
pub(crate) fn set_validation_figures(
    contract: &mut Contract,
    scores: &[ValidationScore],
) -> Result<(), MetricsError> {
    let evaluation = Evaluation::new(&scored(scores), contract.threshold)?;
    contract.validation = figures(&evaluation, scores.len());
    Ok(())
}

/// Figures by name, as a contract holds them.
pub(crate) fn figures(validation: &Evaluation, images: usize) -> BTreeMap<String, f64> {
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
