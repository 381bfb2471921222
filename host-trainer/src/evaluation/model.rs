//! What a model gave on one set of images.

use std::collections::BTreeMap;
use std::path::PathBuf;

use xray_core::decision::Finding;
use xray_core::heat_map::HeatMap;
use xray_core::package::Contract;

use crate::data::ClassNames;
use crate::metrics::{Evaluation, Scored};

/// An image with the answer of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredImage {
    pub path: PathBuf,
    /// Its path from the split folder on; of several hospitals it begins with the name of its own.
    pub relative: String,
    /// The hospital that it is from; empty where there is only one.
    pub source: String,
    /// Whether it shows the finding.
    pub label: bool,
    /// Calibrated probability of the positive class, 0..1.
    pub probability: f64,
    /// The probability before probability calibration, 0..1.
    pub uncalibrated: f64,
    /// The finding that the device would show.
    pub finding: Finding,
    /// None if the model computes no heat map.
    pub heat_map: Option<HeatMap>,
}

impl ScoredImage {
    /// Calibrated probability and label, as the metrics take them.
    pub fn scored(&self) -> Scored {
        (self.probability, self.label)
    }
}

/// The answers of a model on one set of images.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ModelEvaluation {
    /// SHA-256 of the model file (hex).
    pub model: String,
    /// The split that was evaluated.
    pub split: &'static str,
    pub classes: ClassNames,
    /// Whether any backbone has random weights.
    pub random_backbones: bool,
    pub evaluation: Evaluation,
    /// Files that could not be read, each with the reason. No figure counts them.
    pub left_out: BTreeMap<String, String>,
    /// Files that the quality gate refused, each with the codes of the reasons. No figure counts them: a device gives no
    /// result for them.
    pub refused: BTreeMap<String, Vec<&'static str>>,
    /// Every image that has a score, in the order of [`ScoredImage::relative`].
    #[serde(skip)]
    pub images: Vec<ScoredImage>,
    #[serde(skip)]
    pub contract: Contract,
}
