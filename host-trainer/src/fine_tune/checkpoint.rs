//! The state of a fine-tuning after an epoch, as one file, so that it can be resumed.

use std::path::Path;

use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};

use super::stacked_model::StackedModel;
use crate::head::{Epoch, TrainingError, load, load_optimizer, module_bytes, read, unusable, write};

/// Everything that the next epoch depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTuneCheckpoint {
    /// SHA-256 (hex) over options, images and first weights: only the same fine-tuning can be resumed.
    pub(super) key: String,
    pub(super) history: Vec<Epoch>,
    /// After the last epoch; none before the first.
    pub(super) state: Option<State>,
    /// The epoch with the lowest validation loss so far.
    #[serde(rename = "kept")]
    pub(super) best: Option<BestEpoch>,
}

/// Backbones and head, and Adam's moments, as burn writes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(rename = "stack", with = "serde_bytes")]
    model: Vec<u8>,
    #[serde(with = "serde_bytes")]
    optimizer: Vec<u8>,
}

/// The epoch whose weights are kept if the fine-tuning ends now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BestEpoch {
    /// Counted from 1; 0: backbones and head before fine-tuning.
    pub epoch: usize,
    /// Validation loss.
    pub loss: f64,
    /// Backbones and head, as burn writes them; none: those before fine-tuning.
    #[serde(rename = "stack")]
    pub model: Option<serde_bytes::ByteBuf>,
    /// Logits of the validation images.
    pub logits: Vec<f64>,
}

impl State {
    pub fn of(model: &StackedModel, optimizer: &ModuleOptimizer) -> Result<Self, TrainingError> {
        let moments = optimizer.into_bytes().map_err(unusable)?.to_vec();
        Ok(State { model: module_bytes(model)?, optimizer: moments })
    }

    /// Puts them back into a model of the same shape and a new optimiser.
    pub fn restore(
        &self,
        model: StackedModel,
        optimizer: ModuleOptimizer,
    ) -> Result<(StackedModel, ModuleOptimizer), TrainingError> {
        Ok((load(model, &self.model)?, load_optimizer(optimizer, &self.optimizer)?))
    }
}

impl FineTuneCheckpoint {
    /// The state before the first epoch.
    pub(super) fn start(key: String) -> Self {
        FineTuneCheckpoint { key, history: Vec::new(), state: None, best: None }
    }

    /// Records the validation of the model before fine-tuning, which an epoch must improve on to be kept.
    pub(super) fn before(&mut self, loss: f64, logits: Vec<f64>) {
        self.best = Some(BestEpoch { epoch: 0, loss, model: None, logits });
    }

    /// Records an epoch: its figures, and the state after it.
    pub(super) fn after(&mut self, record: Epoch, state: State, logits: Vec<f64>) {
        let loss = record.validation_loss;
        if self.best.as_ref().is_none_or(|best| loss < best.loss) {
            let model = Some(state.model.clone().into());
            self.best = Some(BestEpoch { epoch: record.epoch, loss, model, logits });
        }
        self.history.push(record);
        self.state = Some(state);
    }

    /// The finished epochs.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The next epoch, counted from 1.
    pub fn next_epoch(&self) -> usize {
        self.history.len() + 1
    }

    /// Writes the state, atomically.
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

    /// Without the weights, training would be resumed from weights that were not trained.
    #[test]
    fn a_checkpoint_of_another_form_is_refused() {
        #[derive(Serialize)]
        struct Other {
            key: String,
            history: Vec<Epoch>,
            parts: Vec<u8>,
            kept: Option<BestEpoch>,
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
