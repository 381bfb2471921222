//! `run.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xray_core::package::Labels;
use xray_core::preprocess::Preprocessing;

use crate::backbones::BackboneKind;
use crate::head::{Epoch, TrainingConfig};
use crate::metrics::Evaluation;
use crate::weights::Provenance;

/// Version of the `run.json` schema that this build writes and the only one that it reads.
pub const RUN_SCHEMA: u32 = 1;

/// One backbone of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackboneUse {
    /// Which net.
    pub kind: BackboneKind,
    /// Where its weights came from.
    pub provenance: Provenance,
    /// SHA-256 (hex) over the tensors.
    pub fingerprint: String,
}

/// The data of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// The folder as it was named.
    pub folder: String,
    /// SHA-256 (hex) over the sorted content hashes, roles and labels.
    pub fingerprint: String,
    /// Training images that were used, by label (negative, positive).
    pub train: [usize; 2],
    /// Validation images that were used, by label (negative, positive).
    pub validation: [usize; 2],
    /// Patients on the training side.
    pub train_patients: usize,
    /// Patients on the validation side.
    pub validation_patients: usize,
    /// Files that could not be read and were left out, each with the reason.
    pub left_out: BTreeMap<String, String>,
}

/// Wall-clock seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Listing, hashing and splitting the images.
    pub data: f64,
    /// Computing or loading features.
    pub features: f64,
    /// Training the head.
    pub training: f64,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`RUN_SCHEMA`].
    pub schema: u32,
    /// Program and version.
    pub program: String,
    /// Where it was computed, and why there.
    pub device: String,
    /// How images are prepared.
    pub preprocessing: Preprocessing,
    /// The two classes.
    pub labels: Labels,
    /// The backbones in the order in which features are joined.
    pub backbones: Vec<BackboneUse>,
    /// The data.
    pub data: DataRecord,
    /// Whether mirror images were trained on too.
    pub mirror: bool,
    /// Options of the training.
    pub training: TrainingConfig,
    /// The pass whose weights were kept: the one with the lowest validation loss.
    pub best_epoch: usize,
    /// Every pass.
    pub history: Vec<Epoch>,
    /// Probability (0..1) from which on the positive label is suspected.
    pub threshold: f64,
    /// The rule by which the threshold was chosen on the validation images.
    pub threshold_rule: String,
    /// Figures on the validation images at the threshold, float head.
    pub validation: Evaluation,
    /// Seconds.
    pub timings: Timings,
}

impl RunRecord {
    /// Whether any backbone has random weights, so that the figures prove the program and nothing else.
    pub fn has_random_backbones(&self) -> bool {
        self.backbones.iter().any(|backbone| matches!(backbone.provenance, Provenance::Random { .. }))
    }
}
