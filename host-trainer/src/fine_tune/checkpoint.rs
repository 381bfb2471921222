//! A fine-tuning that was cut off after a pass, as one file.

use std::path::Path;

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};

use crate::head::{Epoch, TrainingError, load, load_optimizer, module_bytes, read, unusable, write};

/// Everything that the next pass depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FineTuneCheckpoint {
    /// SHA-256 (hex) over options, images and first weights: a fine-tuning goes on with its own only.
    pub(super) key: String,
    pub(super) history: Vec<Epoch>,
    /// The backbones in their order and then the head, after the last pass, each with its optimiser.
    pub(super) parts: Vec<Part>,
    /// The pass with the lowest validation loss so far.
    pub(super) kept: Option<Kept>,
}

/// A module and its optimiser, as burn writes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Part {
    #[serde(with = "serde_bytes")]
    module: Vec<u8>,
    #[serde(with = "serde_bytes")]
    optimizer: Vec<u8>,
}

/// The pass that would be kept if the fine-tuning ended now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Counted from 1; 0: backbones and head as they came.
    pub epoch: usize,
    /// Its validation loss.
    pub loss: f64,
    /// Its backbones and its head, as burn writes them; none as they came.
    pub parts: Vec<serde_bytes::ByteBuf>,
    /// Logits of the validation images.
    pub logits: Vec<f64>,
}

impl Part {
    /// What a module and its optimiser are now.
    pub fn of(module: &impl Module, optimizer: &ModuleOptimizer) -> Result<Self, TrainingError> {
        let moments = optimizer.into_bytes().map_err(unusable)?.to_vec();
        Ok(Part { module: module_bytes(module)?, optimizer: moments })
    }

    /// Puts them back into a module of the same shape and a fresh optimiser.
    pub fn restore<M: Module>(
        &self,
        module: M,
        optimizer: ModuleOptimizer,
    ) -> Result<(M, ModuleOptimizer), TrainingError> {
        Ok((load(module, &self.module)?, load_optimizer(optimizer, &self.optimizer)?))
    }
}

impl FineTuneCheckpoint {
    /// A fine-tuning before its first pass.
    pub(super) fn start(key: String) -> Self {
        FineTuneCheckpoint { key, history: Vec::new(), parts: Vec::new(), kept: None }
    }

    /// What nets and head give as they came, which a pass must better to be kept.
    pub(super) fn before(&mut self, loss: f64, logits: Vec<f64>) {
        self.kept = Some(Kept { epoch: 0, loss, parts: Vec::new(), logits });
    }

    /// Takes up a pass: what it gave, and nets and head after it.
    pub(super) fn after(&mut self, record: Epoch, parts: Vec<Part>, logits: Vec<f64>) {
        let loss = record.validation_loss;
        if self.kept.as_ref().is_none_or(|kept| loss < kept.loss) {
            let modules = parts.iter().map(|part| part.module.clone().into()).collect();
            self.kept = Some(Kept { epoch: record.epoch, loss, parts: modules, logits });
        }
        self.history.push(record);
        self.parts = parts;
    }

    /// The passes that are done.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The pass that comes next, counted from 1.
    pub fn next_epoch(&self) -> usize {
        self.history.len() + 1
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn save(&self, path: &Path) -> Result<(), TrainingError> {
        write(self, path)
    }

    /// Reads what [`FineTuneCheckpoint::save`] wrote; none where there is no file.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn load(path: &Path) -> Result<Option<Self>, TrainingError> {
        read(path)
    }
}
