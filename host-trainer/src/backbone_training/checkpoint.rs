//! The state of a training after a pass, as one file, so that it can be resumed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::head::{Epoch, TrainingError, read, write};

/// Everything that the next pass depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackboneCheckpoint {
    /// SHA-256 (hex) over options, images and first weights: only the same training can be resumed.
    pub(super) key: String,
    pub(super) history: Vec<Epoch>,
    /// After the last pass; none before the first.
    pub(super) state: Option<TrainerState>,
}

/// Backbone and outputs, their average, and AdamW's moments, as burn writes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrainerState {
    #[serde(with = "serde_bytes")]
    pub model: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub average: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub optimizer: Vec<u8>,
}

impl BackboneCheckpoint {
    /// The state before the first pass.
    pub(super) fn start(key: String) -> Self {
        BackboneCheckpoint { key, history: Vec::new(), state: None }
    }

    /// The finished passes.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// Writes the state, atomically.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn save(&self, path: &Path) -> Result<(), TrainingError> {
        write(self, path)
    }

    /// Reads what [`BackboneCheckpoint::save`] wrote; none where there is no file.
    ///
    /// # Errors
    /// [`TrainingError::CheckpointFile`].
    pub fn load(path: &Path) -> Result<Option<Self>, TrainingError> {
        read(path)
    }
}
