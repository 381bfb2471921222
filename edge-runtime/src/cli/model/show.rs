//! `model show`: the contract of a model file; `model explain`: how the engine runs it.

use std::fmt::Write as _;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use xray_core::engine::FusedEngine;
use xray_core::package::{Contract, PackageFile, QualityGateRecord, SCHEMA_VERSION, VerifiedPackage};
use xray_core::screening::printable;

use crate::cli::{print, print_json};

#[derive(Serialize)]
struct ModelFile<'a> {
    file: String,
    sha256: &'a str,
    schema: u32,
    contract: &'a Contract,
}

/// Verifies the model and writes its contract to `out`, for people or as one JSON object.
///
/// # Errors
/// If the file is not a package that may be run, or `out` cannot be written.
pub(super) fn show(file: &Path, json: bool, out: &mut impl Write) -> Result<()> {
    let package = PackageFile::read(file)?.verify()?;
    if json { print_json(out, &ModelFile::of(&package)) } else { print(out, &as_text(&package)?) }
}

/// Loads the model into the fused engine and prints its report, as text or JSON.
///
/// # Errors
/// If the file is not a package that may be run, the engine refuses it, or `out` cannot be written.
pub(super) fn explain(file: &Path, json: bool, out: &mut impl Write) -> Result<()> {
    let engine = FusedEngine::load(&PackageFile::read(file)?.verify()?, NonZeroUsize::MIN)?;
    let report = engine.report();
    if json {
        return print_json(out, report);
    }
    // It names operators as the model's maker called them.
    let lines: String = report.to_string().lines().map(|line| printable(line) + "\n").collect();
    print(out, &lines)
}

impl ModelFile<'_> {
    fn of(package: &VerifiedPackage) -> ModelFile<'_> {
        ModelFile {
            file: package.path().display().to_string(),
            sha256: package.sha256(),
            schema: SCHEMA_VERSION,
            contract: package.contract(),
        }
    }
}

fn as_text(package: &VerifiedPackage) -> Result<String> {
    let contract = package.contract();
    let (pre, training) = (&contract.preprocessing, &contract.training);
    let mut text = String::new();
    let mut line = |name: &str, value: String| writeln!(text, "{name:<16}{}", printable(&value));
    line("file", package.path().display().to_string())?;
    line("sha256", package.sha256().to_owned())?;
    line("schema", SCHEMA_VERSION.to_string())?;
    let (size, resize, scaling) = (pre.size, word(&pre.resize)?, pre.scaling.name());
    line("input", format!("{size} × {size}, {resize}, intensity {}, scaling {scaling}", pre.intensity))?;
    line("negative", contract.labels.negative.clone())?;
    line("positive", contract.labels.positive.clone())?;
    line("threshold", format!("{} (rule: {})", contract.threshold, contract.threshold_rule))?;
    if contract.temperature != 1.0 {
        line("temperature", contract.temperature.to_string())?;
    }
    if let Some(band) = contract.abstain {
        line("uncertain", format!("from {} to under {}", band.low, band.high))?;
    }
    line("precision", word(&contract.precision)?)?;
    for backbone in &contract.backbones {
        line("backbone", format!("{}, weights: {}", backbone.name, backbone.weights))?;
        line("", format!("fingerprint {}", backbone.fingerprint))?;
    }
    line("features", contract.features.to_string())?;
    line("trained by", training.program.clone())?;
    line("trained on", format!("{} images, {} epochs", training.train_images, training.epochs))?;
    line("validated on", format!("{} images", training.validation_images))?;
    line("seed", training.seed.to_string())?;
    line("data", training.data_fingerprint.clone())?;
    if let Some(local) = &contract.local_calibration {
        let images = local.negatives + local.positives;
        line("calibrated on", format!("{images} images of its place; earlier figures do not hold"))?;
        line("", format!("chosen anew: {}", local.replaced.join(", ")))?;
        line("", format!("data {}", local.data_fingerprint))?;
        line("", format!("from {}", local.of_model))?;
    }
    for (name, value) in &contract.validation {
        line("validation", format!("{name} {value}"))?;
    }
    match &contract.quality_gate {
        None => line("gate", "none: pictures are refused by image statistics only".to_owned())?,
        Some(QualityGateRecord { fit, dims, .. }) => {
            line("gate", format!("{dims} dimensions, fitted on {} X-rays", fit.fitted_on))?;
            line("", format!("refuses {} of {} validation images", fit.refused, fit.validation))?;
        }
    }
    if let Some(cost) = &contract.quantisation {
        let area = |value: Option<f64>| value.map_or_else(|| "undefined".to_owned(), |v| format!("{v:.4}"));
        line(
            "quantised on",
            format!("{} images, head on {} features", cost.calibration_images, cost.head_on),
        )?;
        line("", format!("AUROC {} -> {}", area(cost.float_auroc), area(cost.int8_auroc)))?;
        line("", format!("accuracy {:.4} -> {:.4}", cost.float_accuracy, cost.int8_accuracy))?;
        line("", format!("{} of {} called differently", cost.flipped, cost.compared_images))?;
    }
    Ok(text)
}

/// The value in the contract's JSON.
fn word(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_value(value)?;
    json.as_str().map(str::to_owned).context("the contract's word is no text")
}
