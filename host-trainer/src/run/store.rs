//! The folder of a run.

use std::fs;
use std::path::{Path, PathBuf};

use xray_core::package::PackageFile;

use super::{RUN_SCHEMA, RunRecord, ValidationScore, ViewKind};
use crate::architectures::BackboneKind;
use crate::head::{Epoch, HeadError, HeadWeights};
use crate::weights::{WeightSet, WeightStore, WeightsError};
use xray_core::files::{PUBLIC, not_found_as_none, write_atomic};

/// Why a run could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("run {}: {source}; check the folder, or make the run with `host-trainer fit --out`", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("run {}: not a run record of this release: {reason}; make the run again with `host-trainer fit`", .path.display())]
    Format { path: PathBuf, reason: String },
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// Folder of the backbones that a run trained; it holds nothing else.
const FINE_TUNED: &str = "fine-tuned";

/// The one field of a record that every release understands.
#[derive(serde::Deserialize)]
struct Schema {
    schema: u32,
}

/// The content of a finished run.
#[derive(Debug, Clone, Copy)]
pub struct RunFiles<'a> {
    pub record: &'a RunRecord,
    pub head: &'a HeadWeights,
    pub scores: &'a [ValidationScore],
    /// The model whose backbones gave the features, if one did.
    pub base: Option<&'a PackageFile>,
    /// Backbones that the run trained.
    pub fine_tuned: &'a [WeightSet],
}

/// The folder of a run: `run.json`, `head.safetensors`, `metrics.csv`, `validation.json`; `corrupted.json` and `drawn.json`
/// where changed or drawn validation images were looked at, too; `base.onnx` where features come from the backbones of a model; `fine-tuned/` and
/// `fine-tune-metrics.csv` where backbones were trained.
#[derive(Debug, Clone)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// The run in this folder, which need not exist yet.
    pub fn new(path: &Path) -> Self {
        RunDir { path: path.to_owned() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a finished run lies here.
    pub fn is_finished(&self) -> bool {
        self.record_path().exists()
    }

    /// Writes a finished run. The record of an earlier run is removed first and the new one written last: where a record is,
    /// the other files belong to it.
    ///
    /// # Errors
    /// [`RunError`] names the file that could not be written.
    pub fn write(&self, files: &RunFiles<'_>) -> Result<(), RunError> {
        let RunFiles { record, head, scores, base, fine_tuned } = *files;
        fs::create_dir_all(&self.path).map_err(|source| RunError::Io { path: self.path.clone(), source })?;
        remove(self.record_path())?;
        // Files that only an earlier run had are removed, too.
        match base {
            Some(base) => self.write_file(&self.base_path(), base.bytes())?,
            None => remove(self.base_path())?,
        }
        let of_earlier = self.path.join(FINE_TUNED);
        not_found_as_none(fs::remove_dir_all(&of_earlier))
            .map_err(|source| RunError::Io { path: of_earlier, source })?;
        fine_tuned.iter().try_for_each(|set| self.fine_tuned().save(set).map(drop))?;
        head.save(&self.head_path())?;
        self.write_file(&self.path.join("metrics.csv"), metrics_csv(&record.history).as_bytes())?;
        let fine_tune_metrics = self.path.join("fine-tune-metrics.csv");
        match record.fine_tune_history.as_slice() {
            [] => remove(fine_tune_metrics)?,
            history => self.write_file(&fine_tune_metrics, metrics_csv(history).as_bytes())?,
        }
        let of =
            |kind| -> Vec<&ValidationScore> { scores.iter().filter(|score| score.kind() == kind).collect() };
        self.write_json(&self.scores_path(), &of(ViewKind::Plain))?;
        self.write_json(&self.path.join("corrupted.json"), &of(ViewKind::Corrupted))?;
        let drawn = self.path.join("drawn.json");
        match of(ViewKind::Drawn) {
            none if none.is_empty() => remove(drawn)?,
            scores => self.write_json(&drawn, &scores)?,
        }
        self.write_json(&self.record_path(), record)?;
        let of_backbones = BackboneKind::ALL.map(|kind| self.backbone_checkpoint_path(kind));
        [self.checkpoint_path(), self.fine_tune_checkpoint_path(), self.progress_path()]
            .into_iter()
            .chain(of_backbones)
            .try_for_each(remove)
    }

    /// Writes `metrics-so-far.csv`, one row an epoch of the training in progress; `metrics.csv` is that of a finished
    /// run.
    ///
    /// # Errors
    /// [`RunError`] names the file that could not be written.
    pub fn write_progress(&self, history: &[Epoch]) -> Result<(), RunError> {
        self.write_file(&self.progress_path(), metrics_csv(history).as_bytes())
    }

    fn write_json(&self, path: &Path, value: &impl serde::Serialize) -> Result<(), RunError> {
        let mut json = serde_json::to_vec_pretty(value)
            .map_err(|error| RunError::Format { path: path.to_owned(), reason: error.to_string() })?;
        json.push(b'\n');
        self.write_file(path, &json)
    }

    /// The scores of the validation images under the head of the run.
    ///
    /// # Errors
    /// [`RunError`] names the file if it is missing or not one of ours.
    pub fn scores(&self) -> Result<Vec<ValidationScore>, RunError> {
        self.read_json(&self.scores_path())
    }

    fn read_json<T: serde::de::DeserializeOwned>(&self, path: &Path) -> Result<T, RunError> {
        let bytes = fs::read(path).map_err(|source| RunError::Io { path: path.to_owned(), source })?;
        serde_json::from_slice(&bytes)
            .map_err(|error| RunError::Format { path: path.to_owned(), reason: error.to_string() })
    }

    /// Reads a finished run.
    ///
    /// # Errors
    /// [`RunError`] names the file that is missing or not one of ours.
    pub fn read(&self) -> Result<(RunRecord, HeadWeights), RunError> {
        let path = self.record_path();
        // Read alone, first: other fields of an older record may differ.
        let Schema { schema } = self.read_json(&path)?;
        if schema != RUN_SCHEMA {
            let reason = format!("it has schema {schema}, this program reads {RUN_SCHEMA}");
            return Err(RunError::Format { path, reason });
        }
        let record: RunRecord = self.read_json(&path)?;
        let head = HeadWeights::load(&self.head_path())?;
        if record.head != head.fingerprint() {
            let reason = "the head beside it is that of another run".to_owned();
            return Err(RunError::Format { path, reason });
        }
        Ok((record, head))
    }

    fn record_path(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// The backbones that were trained in this run, if any were.
    pub fn fine_tuned(&self) -> WeightStore {
        WeightStore::at(self.path.join(FINE_TUNED))
    }

    /// The state of the training after every epoch, until the run is finished.
    pub fn checkpoint_path(&self) -> PathBuf {
        self.path.join("checkpoint.cbor")
    }

    /// The state of the fine-tuning after every epoch, until the run is finished.
    pub fn fine_tune_checkpoint_path(&self) -> PathBuf {
        self.path.join("fine-tune-checkpoint.cbor")
    }

    /// The state of the training of a backbone after every pass, until the run is finished.
    pub fn backbone_checkpoint_path(&self, kind: BackboneKind) -> PathBuf {
        self.path.join(format!("{}-checkpoint.cbor", kind.name()))
    }

    /// The model whose backbones gave the features, if one did.
    pub fn base_path(&self) -> PathBuf {
        self.path.join("base.onnx")
    }

    fn progress_path(&self) -> PathBuf {
        self.path.join("metrics-so-far.csv")
    }

    fn scores_path(&self) -> PathBuf {
        self.path.join("validation.json")
    }

    fn head_path(&self) -> PathBuf {
        self.path.join("head.safetensors")
    }

    fn write_file(&self, path: &Path, bytes: &[u8]) -> Result<(), RunError> {
        write_atomic(path, bytes, PUBLIC).map_err(|source| RunError::Io { path: path.to_owned(), source })
    }
}

/// Removes a file that need not be there.
fn remove(path: PathBuf) -> Result<(), RunError> {
    not_found_as_none(fs::remove_file(&path)).map(drop).map_err(|source| RunError::Io { path, source })
}

fn metrics_csv(history: &[Epoch]) -> String {
    let mut csv = String::from(
        "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,validation_auroc,learning_rate\n",
    );
    for epoch in history {
        let auroc = epoch.validation_auroc.map(|value| format!("{value:.6}")).unwrap_or_default();
        csv.push_str(&format!(
            "{},{:.6},{:.6},{:.6},{:.6},{auroc},{:e}\n",
            epoch.epoch,
            epoch.train_loss,
            epoch.train_accuracy,
            epoch.validation_loss,
            epoch.validation_accuracy,
            epoch.learning_rate,
        ));
    }
    csv
}
