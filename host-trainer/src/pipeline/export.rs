//! From a run to a model file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use xray_core::package::{BackboneRecord, Contract, PackageFile, Precision, Training};

use super::BackboneSource;
use crate::backbones::BackboneKind;
use crate::export::export;
use crate::files::write_atomic;
use crate::run::{RunDir, RunRecord};
use crate::weights::{Provenance, WeightSet, WeightStore};

/// A model file that was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ExportedModel {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 (hex): the identity of the model.
    pub sha256: String,
    /// How its numbers are stored.
    pub precision: Precision,
}

/// Writes the whole stack of a run as one ONNX file, and checks that it verifies as a package.
///
/// # Errors
/// If the run or the weights cannot be read, the weights are not those of the run, or the file cannot be
/// written.
pub fn export_run(
    run: &Path,
    store: &WeightStore,
    precision: Precision,
    out: &Path,
) -> anyhow::Result<ExportedModel> {
    let (record, head) = RunDir::new(run).read()?;
    let sets = backbones(&record, store)?;
    let bytes = export(&sets, &head, &contract(&record, precision))?;
    let file = PackageFile::from_bytes(out, bytes);
    let exported = ExportedModel {
        path: out.to_owned(),
        bytes: file.bytes().len() as u64,
        sha256: file.sha256().to_owned(),
        precision,
    };
    // What a device would refuse is not written in the first place.
    file.clone().verify()?;
    write_atomic(out, file.bytes()).with_context(|| {
        format!("{}: the model could not be written; check the folder and its space", out.display())
    })?;
    Ok(exported)
}

fn backbones(record: &RunRecord, store: &WeightStore) -> anyhow::Result<Vec<WeightSet>> {
    record
        .backbones
        .iter()
        .map(|backbone| {
            let kinds: Vec<BackboneKind> = vec![backbone.kind];
            let source = match backbone.provenance {
                Provenance::Random { seed } => BackboneSource::Random { kinds, seed },
                Provenance::File { .. } => BackboneSource::Stored { kinds, store: store.clone() },
            };
            let set = source.load()?.into_iter().next().context("no weights were loaded")?;
            ensure!(
                set.fingerprint() == backbone.fingerprint,
                "the weights of {} in {} are not those that the run was made with ({}); import those again, \
                 or make the run again",
                backbone.kind.name(),
                store.dir().display(),
                backbone.provenance,
            );
            Ok(set)
        })
        .collect()
}

fn contract(record: &RunRecord, precision: Precision) -> Contract {
    let validation = &record.validation;
    let mut figures = BTreeMap::from([
        ("accuracy".to_owned(), validation.accuracy.value),
        ("sensitivity".to_owned(), validation.sensitivity.value),
        ("specificity".to_owned(), validation.specificity.value),
        ("auroc".to_owned(), validation.auroc),
        ("log_loss".to_owned(), Some(validation.log_loss)),
    ]);
    let validation_images = record.data.validation.iter().sum::<usize>();
    figures.insert("images".to_owned(), Some(validation_images as f64));
    Contract {
        preprocessing: record.preprocessing.clone(),
        labels: record.labels.clone(),
        threshold: record.threshold,
        threshold_rule: record.threshold_rule.clone(),
        precision,
        backbones: record
            .backbones
            .iter()
            .map(|backbone| BackboneRecord {
                name: backbone.kind.name().to_owned(),
                weights: backbone.provenance.to_string(),
                random: matches!(backbone.provenance, Provenance::Random { .. }),
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
        validation: figures.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
    }
}
