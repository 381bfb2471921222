//! The contract of a model with a new operating point.

use anyhow::ensure;
use xray_core::package::{Contract, LocalCalibration, QualityGateRecord};

use super::{CalibrateOptions, CalibrationResult, FEWEST_OF_CLASS};
use crate::evaluation::ThresholdRule;
use crate::metrics::{Evaluation, Scored};
use crate::pipeline::figures;

/// The contract of a model with the operating point of `result`; figures are those on the calibrated scores.
///
/// # Errors
/// If there are too few images for a model that people use.
pub(super) fn recalibrated(
    earlier: &Contract,
    options: &CalibrateOptions,
    result: &CalibrationResult,
    calibrated: &[Scored],
    quality_gate: Option<QualityGateRecord>,
) -> anyhow::Result<Contract> {
    let (counts, after, rules) = (result.images, &result.after, &options.rules);
    ensure!(
        counts.fewest() >= FEWEST_OF_CLASS,
        "no model is written from {} images without and {} with the finding; give at least {FEWEST_OF_CLASS} of each",
        counts.negatives,
        counts.positives
    );
    let mut replaced = vec!["threshold"];
    if !rules.keep_temperature {
        replaced.push("temperature");
    }
    if earlier.abstain.is_some() || after.abstain.is_some() {
        replaced.push("abstain");
    }
    if quality_gate.is_some() {
        replaced.push("gate");
    }
    let threshold_rule = match rules.threshold {
        ThresholdRule::Fixed(_) => rules.threshold.name(),
        rule => format!("{rule} on {} images of the place", counts.all()),
    };
    let evaluation = Evaluation::new(calibrated, after.threshold)?;
    Ok(Contract {
        // Who signs it gives it a number.
        version: 0,
        threshold: after.threshold,
        threshold_rule,
        temperature: after.temperature,
        abstain: after.abstain,
        validation: figures(&evaluation, counts.all()),
        local_calibration: Some(LocalCalibration {
            of_model: result.model.clone(),
            replaced: replaced.into_iter().map(str::to_owned).collect(),
            negatives: counts.negatives,
            positives: counts.positives,
            data_fingerprint: result.data_fingerprint.clone(),
            program: concat!("host-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
            earlier_validation: earlier.validation.clone(),
        }),
        quality_gate: quality_gate.or_else(|| earlier.quality_gate.clone()),
        ..earlier.clone()
    })
}
