//! Two models on the same images.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::data::ClassNames;
use crate::metrics::{AurocComparison, Evaluation, McNemar};

/// One of two compared models.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedModel {
    pub file: PathBuf,
    /// SHA-256 of the file (hex).
    pub sha256: String,
    /// Whether any backbone has random weights.
    pub random_backbones: bool,
    /// At the threshold of the model, on the images that both models scored.
    pub evaluation: Evaluation,
}

/// An image with different verdicts, each model at its own threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    /// The file, from the split folder on.
    pub path: String,
    /// Whether it shows the finding.
    pub label: bool,
    /// Probability under A.
    pub a: f64,
    /// Probability under B.
    pub b: f64,
}

/// Two models on the same images.
#[derive(Debug, Clone, Serialize)]
pub struct PairedComparison {
    pub split: &'static str,
    pub classes: ClassNames,
    pub a: ComparedModel,
    pub b: ComparedModel,
    /// McNemar's test of accuracy.
    pub all: McNemar,
    /// McNemar's test of sensitivity.
    pub positives: McNemar,
    /// McNemar's test of specificity.
    pub negatives: McNemar,
    /// DeLong's test; `None` when only one class occurs.
    pub auroc: Option<AurocComparison>,
    pub disagreements: Vec<Disagreement>,
    /// Files without a score by both models, each with the reason. No figure counts them.
    pub left_out: BTreeMap<String, String>,
}
