//! `export`: from a run to a model file.

mod audit;
mod float;
mod int8;
mod quality_gate;
mod quantisation;
mod write;

use std::path::PathBuf;

use anyhow::{bail, ensure};
use xray_core::package::{PackageFile, Precision};

use crate::data::DataSet;
use crate::evaluation::Int8Comparison;
use crate::features::View;
use crate::pipeline::{Event, RunImages, device_probabilities, validation_score};
use crate::run::{RunDir, RunRecord, ValidationScore};
use crate::weights::{Provenance, WeightSet, WeightStore};
pub use audit::AuditRequirement;
pub use float::export_run;
pub use int8::export_quantised_run;
pub use quality_gate::QualityGateChoice;
pub use quantisation::{HeadTrainedOn, QuantisationOptions};
pub(super) use write::write_model;

/// What a model is made from, and the file it is written to.
#[derive(Debug)]
pub struct ExportOptions {
    /// Folder of a finished run.
    pub run: PathBuf,
    pub store: WeightStore,
    /// The images of the run, for int8, the quality gate and figures that are measured anew.
    pub images: RunImages,
    /// Folder of the feature cache.
    pub cache: PathBuf,
    pub quality_gate: QualityGateChoice,
    pub audit: AuditRequirement,
    /// An existing file is replaced when the new one is complete.
    pub out: PathBuf,
}

/// A model file that was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ExportedModel {
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 (hex) of the file: the identity of the model.
    pub sha256: String,
    pub precision: Precision,
    /// Float against int8 on the validation images, if the backbones were quantised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Int8Comparison>,
}

/// A run with its images.
#[derive(Clone, Copy)]
struct RunData<'a> {
    record: &'a RunRecord,
    data: &'a DataSet,
}

impl RunData<'_> {
    /// Scores the validation images with a model file, as the device does.
    fn device_scores(
        self,
        file: &PackageFile,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Vec<ValidationScore>> {
        let left_out = &self.record.data.left_out;
        let items: Vec<_> =
            self.data.validation.iter().filter(|item| !left_out.contains_key(&item.relative)).collect();
        let paths: Vec<_> = items.iter().map(|item| item.path.as_path()).collect();
        let probabilities = device_probabilities(file, &paths, observe)?;
        let pairs = items.into_iter().zip(probabilities);
        Ok(pairs.map(|(item, probability)| validation_score(item, &View::Plain, probability)).collect())
    }
}

fn backbone_weights(run: &RunDir, record: &RunRecord, store: &WeightStore) -> anyhow::Result<Vec<WeightSet>> {
    let store = if record.has_trained_backbones() { &run.fine_tuned() } else { store };
    record
        .backbones
        .iter()
        .map(|backbone| {
            let set = match &backbone.provenance {
                Provenance::Random { seed } => WeightSet::random(backbone.kind, *seed),
                Provenance::File { .. } | Provenance::FineTuned { .. } => store.load(backbone.kind)?,
                Provenance::Model { .. } => bail!("{} lies in a model", backbone.kind.name()),
            };
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
