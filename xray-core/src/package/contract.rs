//! The contract that travels inside a model file: everything a runtime must know to use it rightly.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{KnownAnswer, QualityGateRecord};
use crate::preprocess::Preprocessing;

/// Version of the [`Contract`] schema that this build writes and the only one that it reads.
pub const SCHEMA_VERSION: u32 = 1;

/// Key of the schema version among the ONNX `metadata_props`.
pub const SCHEMA_KEY: &str = "xray_edge.schema";

/// Key of the contract (JSON) among the ONNX `metadata_props`.
pub const CONTRACT_KEY: &str = "xray_edge.contract";

/// Name of the graph's input: float32 `[1, 3, size, size]`, RGB, scaled as the contract says.
pub const INPUT_NAME: &str = "image";

/// Name of the graph's first output: float32 `[1, 1]`, probability of the positive label, 0..1.
pub const PROBABILITY_NAME: &str = "probability";

/// Name of the graph's second output: float32 `[1, features]`, the pooled features of the backbones in
/// the order in which the contract names them.
pub const FEATURES_NAME: &str = "features";

/// Name of the graph's third output: float32 `[1, 1, side, side]`, heat of each cell of the image
/// ([`crate::heat_map`]). Models of earlier exports have none.
pub const HEAT_MAP_NAME: &str = "heat_map";

/// How the numbers of a model are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Weights and activations float32.
    Float32,
    /// Weights int8 per output channel, brought back to float by `DequantizeLinear`; activations float32.
    Int8Weights,
    /// Weights int8 per output channel, activations uint8 per tensor: a QuantizeLinear/DequantizeLinear graph.
    Int8,
}

/// One backbone of the stack and where its weights came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackboneRecord {
    /// Name in the registry, such as `densenet169`.
    pub name: String,
    /// Where the weights came from, in words: a file and its SHA-256, or `random (seed N)`.
    pub weights: String,
    /// Whether the weights were drawn at random, so that the model proves the program and nothing else.
    pub random: bool,
    /// SHA-256 (hex) over the tensors as they were used.
    pub fingerprint: String,
}

/// Temperatures that a calibration may have. Beyond them a fit has not found anything.
pub const TEMPERATURES: RangeInclusive<f64> = 0.05..=20.0;

/// Calibrated probabilities for which the model must not decide. It holds the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbstainBand {
    /// From here on (0..1) there is no longer no sign.
    pub low: f64,
    /// From here on (0..1) the positive label is suspected.
    pub high: f64,
}

impl AbstainBand {
    /// Whether a calibrated probability lies in it: at `low` or over it, and under `high`.
    pub fn holds(&self, probability: f64) -> bool {
        (self.low..self.high).contains(&probability)
    }
}

/// Names of the two classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Class whose probability is low, such as `NORMAL`.
    pub negative: String,
    /// Class whose probability is high, such as `PNEUMONIA`.
    pub positive: String,
}

/// Where a model came from, enough to make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// SHA-256 (hex) over the sorted content hashes and roles of the images.
    pub data_fingerprint: String,
    /// Number of training images.
    pub train_images: usize,
    /// Number of validation images.
    pub validation_images: usize,
    /// Seed of the split, the head and the order of the batches.
    pub seed: u64,
    /// Epochs that were trained.
    pub epochs: usize,
    /// Program and version that trained it.
    pub program: String,
}

/// What quantisation cost, measured on the validation images; float and int8 each at its own threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantisationRecord {
    /// What the head was trained on: `int8` features of the quantised backbones, or `float` ones.
    pub head_on: String,
    /// Training images that the steps of the activations were chosen on.
    pub calibration_images: usize,
    /// Validation images that both models scored.
    pub compared_images: usize,
    /// Area under the ROC curve of the float model; none if the images are of one class.
    pub float_auroc: Option<f64>,
    /// As above, of this model.
    pub int8_auroc: Option<f64>,
    /// Share that the float model calls rightly, 0..1.
    pub float_accuracy: f64,
    /// As above, of this model.
    pub int8_accuracy: f64,
    /// 99th percentile of the difference of the probabilities.
    pub difference_p99: f64,
    /// Images that the two call differently.
    pub flipped: usize,
}

/// An operating point that was chosen anew on images of the place where the model is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalCalibration {
    /// SHA-256 (hex) of the model file whose operating point was replaced.
    pub of_model: String,
    /// Keys of the contract that were chosen anew, such as `threshold`.
    pub replaced: Vec<String>,
    /// Labelled images of the place without the finding.
    pub negatives: usize,
    /// Labelled images of the place with the finding.
    pub positives: usize,
    /// SHA-256 (hex) over the sorted lines `CONTENT LABEL` of these images: SHA-256 (hex) of the file, label 0 or 1.
    pub data_fingerprint: String,
    /// Program and version that chose it.
    pub program: String,
    /// What stood in [`Contract::validation`]. These figures are of the earlier operating point and do not hold for this
    /// one; neither do those of a model card or report on the earlier file.
    pub earlier_validation: BTreeMap<String, f64>,
}

/// The contract of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Number of the release, given by who signs it: a device does not replace a higher one by a lower one. 0 if
    /// none was given.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u64,
    /// How images are prepared.
    pub preprocessing: Preprocessing,
    /// The two classes.
    pub labels: Labels,
    /// Calibrated probability (0..1, exclusive) from which on the positive label is suspected; chosen on
    /// validation.
    pub threshold: f64,
    /// The rule by which the threshold was chosen, such as `youden`.
    pub threshold_rule: String,
    /// What the logit is divided by, within [`TEMPERATURES`]; fitted on validation. 1 leaves probabilities as
    /// they are, and stands for models that were written without it.
    #[serde(default = "uncalibrated", skip_serializing_if = "is_uncalibrated")]
    pub temperature: f64,
    /// Where the model must not decide, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstain: Option<AbstainBand>,
    /// How the numbers are stored.
    pub precision: Precision,
    /// The backbones in the order in which their features are joined.
    pub backbones: Vec<BackboneRecord>,
    /// Length of the second output.
    pub features: usize,
    /// How it was trained.
    pub training: Training,
    /// Figures on the validation images, by name (`auroc`, `accuracy`, …), each a number.
    pub validation: BTreeMap<String, f64>,
    /// What quantisation cost; for [`Precision::Int8`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantisation: Option<QuantisationRecord>,
    /// Set if the operating point was chosen anew after the export; then [`Contract::validation`] are figures on the
    /// images that it was chosen on.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "calibration")]
    pub local_calibration: Option<LocalCalibration>,
    /// What the engine must give for the test pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_answer: Option<KnownAnswer>,
    /// Which images may have a score, by their features. Without it only the pixels are checked.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "gate")]
    pub quality_gate: Option<QualityGateRecord>,
}

fn uncalibrated() -> f64 {
    1.0
}

fn is_uncalibrated(temperature: &f64) -> bool {
    *temperature == 1.0
}

/// Said wherever results of random backbones are shown.
pub const RANDOM_WARNING: &str = "RANDOM BACKBONES: what follows proves that the program works, nothing about medicine. \
     Real weights: `host-trainer weights import FILE --as NAME` or `host-trainer weights fetch NAME --sha256 HEX`.";

fn is_zero(version: &u64) -> bool {
    *version == 0
}

impl Contract {
    /// Whether any backbone has random weights.
    pub fn has_random_backbones(&self) -> bool {
        self.backbones.iter().any(|backbone| backbone.random)
    }
}
