//! A training that was cut off after a pass, as one file.

use std::path::Path;

use burn::module::Module;
use burn::optim::{ModuleOptimizer, OptimizerRecord};
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};

use super::callbacks::{EarlyStoppingState, ReduceOnPlateauState};
use super::model::Head;
use super::{Epoch, TrainingError};

/// Everything that the next pass depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    /// SHA-256 (hex) over options and samples: a training goes on with its own only.
    pub(super) key: String,
    pub(super) history: Vec<Epoch>,
    /// Adam's step size of the next pass.
    pub(super) learning_rate: f64,
    pub(super) early_stopping: EarlyStoppingState,
    pub(super) reduce_on_plateau: ReduceOnPlateauState,
    /// The head after the last pass, as burn writes it.
    #[serde(with = "serde_bytes")]
    head: Vec<u8>,
    /// Adam's moments.
    #[serde(with = "serde_bytes")]
    optimizer: Vec<u8>,
    /// The pass that would be kept, if there is one yet.
    pub(super) kept: Option<Kept>,
}

/// The pass that would be kept if the training ended now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Counted from 1.
    pub epoch: usize,
    /// The figure by which it was chosen.
    pub value: Option<f64>,
    /// Its head, as burn writes it.
    #[serde(with = "serde_bytes")]
    pub head: Vec<u8>,
    /// Logits of the validation images.
    pub logits: Vec<f64>,
}

impl Checkpoint {
    /// A training before its first pass.
    pub(super) fn start(key: String, learning_rate: f64) -> Self {
        Checkpoint {
            key,
            history: Vec::new(),
            learning_rate,
            early_stopping: EarlyStoppingState::default(),
            reduce_on_plateau: ReduceOnPlateauState::default(),
            head: Vec::new(),
            optimizer: Vec::new(),
            kept: None,
        }
    }

    /// The passes that are done.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The pass that comes next, counted from 1.
    pub fn next_epoch(&self) -> usize {
        self.history.len() + 1
    }

    /// Keeps head and optimiser.
    pub(super) fn store(&mut self, head: Vec<u8>, optimizer: &ModuleOptimizer) -> Result<(), TrainingError> {
        self.head = head;
        self.optimizer = optimizer.into_bytes().map_err(unusable)?.to_vec();
        Ok(())
    }

    /// Head and optimiser after the last pass that is in here.
    pub(super) fn restore(
        &self,
        head: Head,
        optimizer: ModuleOptimizer,
    ) -> Result<(Head, ModuleOptimizer), TrainingError> {
        if self.history.is_empty() {
            return Ok((head, optimizer));
        }
        let record = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(self.optimizer.clone()));
        let optimizer = optimizer.load_record(record.map_err(unusable)?);
        Ok((load(head, &self.head)?, optimizer))
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn save(&self, path: &Path) -> Result<(), TrainingError> {
        let failed = |reason: String| TrainingError::CheckpointFile { path: path.to_owned(), reason };
        let mut bytes = Vec::new();
        ciborium::into_writer(self, &mut bytes).map_err(|error| failed(error.to_string()))?;
        crate::files::write_atomic(path, &bytes).map_err(|error| failed(error.to_string()))
    }

    /// Reads what [`Checkpoint::save`] wrote; none where there is no file.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn load(path: &Path) -> Result<Option<Self>, TrainingError> {
        let failed = |reason: String| TrainingError::CheckpointFile { path: path.to_owned(), reason };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        ciborium::from_reader(bytes.as_slice()).map(Some).map_err(|error| failed(error.to_string()))
    }
}

/// A head as burn writes it.
pub(super) fn head_bytes(head: &Head) -> Result<Vec<u8>, TrainingError> {
    Ok(head.clone().into_record().into_bytes().map_err(unusable)?.to_vec())
}

/// Puts what [`head_bytes`] gave into a head of the same shape.
pub(super) fn load(head: Head, bytes: &[u8]) -> Result<Head, TrainingError> {
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec())).map_err(unusable)?;
    head.try_load_record(record).map_err(unusable)
}

fn unusable(error: impl std::fmt::Display) -> TrainingError {
    TrainingError::Checkpoint { reason: error.to_string() }
}
