//! A fine-tuning that was cut off after a pass, as one file.

use std::path::Path;

use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};

use super::stack::Stack;
use crate::head::{Epoch, TrainingError, load, load_optimizer, module_bytes, read, unusable, write};

/// Everything that the next pass depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTuneCheckpoint {
    /// SHA-256 (hex) over options, images and first weights: a fine-tuning goes on with its own only.
    pub(super) key: String,
    pub(super) history: Vec<Epoch>,
    /// Backbones and head after the last pass, with their optimiser; none before the first.
    pub(super) state: Option<State>,
    /// The pass with the lowest validation loss so far.
    pub(super) kept: Option<Kept>,
}

/// Backbones and head, and Adam's moments, as burn writes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(with = "serde_bytes")]
    stack: Vec<u8>,
    #[serde(with = "serde_bytes")]
    optimizer: Vec<u8>,
}

/// The pass that would be kept if the fine-tuning ended now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Counted from 1; 0: backbones and head as they came.
    pub epoch: usize,
    /// Its validation loss.
    pub loss: f64,
    /// Its backbones and its head, as burn writes them; none: as they came.
    pub stack: Option<serde_bytes::ByteBuf>,
    /// Logits of the validation images.
    pub logits: Vec<f64>,
}

impl State {
    /// What they are now.
    pub fn of(stack: &Stack, optimizer: &ModuleOptimizer) -> Result<Self, TrainingError> {
        let moments = optimizer.into_bytes().map_err(unusable)?.to_vec();
        Ok(State { stack: module_bytes(stack)?, optimizer: moments })
    }

    /// Puts them back into a stack of the same shape and a fresh optimiser.
    pub fn restore(
        &self,
        stack: Stack,
        optimizer: ModuleOptimizer,
    ) -> Result<(Stack, ModuleOptimizer), TrainingError> {
        Ok((load(stack, &self.stack)?, load_optimizer(optimizer, &self.optimizer)?))
    }
}

impl FineTuneCheckpoint {
    /// A fine-tuning before its first pass.
    pub(super) fn start(key: String) -> Self {
        FineTuneCheckpoint { key, history: Vec::new(), state: None, kept: None }
    }

    /// What nets and head give as they came, which a pass must better to be kept.
    pub(super) fn before(&mut self, loss: f64, logits: Vec<f64>) {
        self.kept = Some(Kept { epoch: 0, loss, stack: None, logits });
    }

    /// Takes up a pass: what it gave, and nets and head after it.
    pub(super) fn after(&mut self, record: Epoch, state: State, logits: Vec<f64>) {
        let loss = record.validation_loss;
        if self.kept.as_ref().is_none_or(|kept| loss < kept.loss) {
            let stack = Some(state.stack.clone().into());
            self.kept = Some(Kept { epoch: record.epoch, loss, stack, logits });
        }
        self.history.push(record);
        self.state = Some(state);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// Taken without its nets, it would go on from nets that were not trained.
    #[test]
    fn a_checkpoint_of_another_form_is_refused() {
        #[derive(Serialize)]
        struct Other {
            key: String,
            history: Vec<Epoch>,
            parts: Vec<u8>,
            kept: Option<Kept>,
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let other = Other { key: "k".to_owned(), history: Vec::new(), parts: Vec::new(), kept: None };
        write(&other, file.path()).unwrap();
        let refused = FineTuneCheckpoint::load(file.path()).unwrap_err().to_string();
        assert!(refused.contains("parts") && refused.contains("start over without `--resume`"), "{refused}");
        let mine = FineTuneCheckpoint::start("k".to_owned());
        mine.save(file.path()).unwrap();
        assert_eq!(FineTuneCheckpoint::load(file.path()).unwrap().unwrap().key, "k");
    }
}
