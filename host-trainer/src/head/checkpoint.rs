//! The state of a training after an epoch, as one file, so that it can be resumed.

use std::path::Path;

use burn::module::Module;
use burn::optim::{ModuleOptimizer, OptimizerRecord};
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::callbacks::{EarlyStoppingState, ReduceOnPlateauState};
use super::model::Head;
use super::{Epoch, TrainingError};
use xray_core::files::{PUBLIC, not_found_as_none, write_atomic};

/// Everything that the next epoch depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    /// SHA-256 (hex) over options and samples: only the same training can be resumed.
    pub(super) key: String,
    pub(super) history: Vec<Epoch>,
    /// Adam's learning rate in the next epoch.
    pub(super) learning_rate: f64,
    pub(super) early_stopping: EarlyStoppingState,
    pub(super) reduce_on_plateau: ReduceOnPlateauState,
    /// The head after the last epoch, as burn writes it.
    #[serde(with = "serde_bytes")]
    head: Vec<u8>,
    /// Adam's moments.
    #[serde(with = "serde_bytes")]
    optimizer: Vec<u8>,
    /// The best epoch, if there is one yet.
    pub(super) kept: Option<BestEpoch>,
    /// Whether early stopping ended the training.
    #[serde(default)]
    pub(super) stopped: bool,
}

/// The epoch whose weights are kept if the training ends now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BestEpoch {
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
    /// The state before the first epoch.
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
            stopped: false,
        }
    }

    /// The finished epochs.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The next epoch, counted from 1.
    pub fn next_epoch(&self) -> usize {
        self.history.len() + 1
    }

    /// Stores head and optimiser.
    pub(super) fn store(&mut self, head: Vec<u8>, optimizer: &ModuleOptimizer) -> Result<(), TrainingError> {
        self.head = head;
        self.optimizer = optimizer.into_bytes().map_err(unusable)?.to_vec();
        Ok(())
    }

    /// Head and optimiser after the last epoch.
    pub(super) fn restore(
        &self,
        head: Head,
        optimizer: ModuleOptimizer,
    ) -> Result<(Head, ModuleOptimizer), TrainingError> {
        if self.history.is_empty() {
            return Ok((head, optimizer));
        }
        Ok((load(head, &self.head)?, load_optimizer(optimizer, &self.optimizer)?))
    }

    /// Writes the state, atomically.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn save(&self, path: &Path) -> Result<(), TrainingError> {
        write(self, path)
    }

    /// Reads what [`Checkpoint::save`] wrote; none where there is no file.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn load(path: &Path) -> Result<Option<Self>, TrainingError> {
        read(path)
    }
}

/// Writes the state of a training, atomically.
pub(crate) fn write(state: &impl Serialize, path: &Path) -> Result<(), TrainingError> {
    let failed = |reason: String| TrainingError::CheckpointFile { path: path.to_owned(), reason };
    let mut bytes = Vec::new();
    ciborium::into_writer(state, &mut bytes).map_err(|error| failed(error.to_string()))?;
    write_atomic(path, &bytes, PUBLIC).map_err(|error| failed(error.to_string()))
}

/// Reads what [`write`] wrote; none where there is no file.
pub(crate) fn read<State: DeserializeOwned>(path: &Path) -> Result<Option<State>, TrainingError> {
    let failed = |reason: String| TrainingError::CheckpointFile { path: path.to_owned(), reason };
    let Some(bytes) = not_found_as_none(std::fs::read(path)).map_err(|error| failed(error.to_string()))?
    else {
        return Ok(None);
    };
    ciborium::from_reader(bytes.as_slice()).map(Some).map_err(|error| failed(error.to_string()))
}

/// A module as burn writes it.
pub(crate) fn module_bytes(module: &impl Module) -> Result<Vec<u8>, TrainingError> {
    Ok(module.clone().into_record().into_bytes().map_err(unusable)?.to_vec())
}

/// Puts what [`module_bytes`] gave into a module of the same shape.
pub(crate) fn load<M: Module>(module: M, bytes: &[u8]) -> Result<M, TrainingError> {
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec())).map_err(unusable)?;
    module.try_load_record(record).map_err(unusable)
}

/// An optimiser with the moments that it had.
pub(crate) fn load_optimizer(
    optimizer: ModuleOptimizer,
    bytes: &[u8],
) -> Result<ModuleOptimizer, TrainingError> {
    let record = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec()));
    Ok(optimizer.load_record(record.map_err(unusable)?))
}

pub(crate) fn unusable(error: impl std::fmt::Display) -> TrainingError {
    TrainingError::Checkpoint { reason: error.to_string() }
}
