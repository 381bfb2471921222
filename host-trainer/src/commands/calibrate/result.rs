//! What `calibrate` gives.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::calibration::{ClassCounts, HeldOut, Judged};
use crate::metrics::{ExpectedWidths, OfThousand, Prices};

/// Both operating points on images that neither was chosen on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedElsewhere {
    pub images: ClassCounts,
    /// Images that the quality gate of the model refuses; they are counted in every figure.
    pub refused_by_gate: usize,
    /// Files that could not be read, each with the reason.
    pub left_out: BTreeMap<String, String>,
    pub before: Judged,
    pub after: Judged,
}

/// The model that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenModel {
    pub path: PathBuf,
    /// SHA-256 (hex) of the file.
    pub sha256: String,
}

/// A new operating point, and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationResult {
    /// SHA-256 (hex) of the model that was given.
    pub model: String,
    pub images: ClassCounts,
    /// SHA-256 (hex) over identities and labels of the images.
    pub data_fingerprint: String,
    /// Images that the quality gate of the model refuses; they are counted in every figure.
    pub refused_by_gate: usize,
    /// Files that could not be read, each with the reason.
    pub left_out: BTreeMap<String, String>,
    /// The rule of the threshold.
    pub rule: String,
    /// The operating point of the model.
    pub before: Judged,
    /// The new one, on the images that it was chosen on.
    pub after: Judged,
    /// The rules by cross-validation; none with too few patients.
    pub held_out: Option<HeldOut>,
    /// Both on other images, if there were any.
    pub judged: Option<JudgedElsewhere>,
    /// Of the table.
    pub prevalence: f64,
    pub prices: Option<Prices>,
    /// Every threshold from the highest down.
    pub thresholds: Vec<OfThousand>,
    /// Widths of intervals that numbers of images would give.
    pub enough: Vec<ExpectedWidths>,
    pub warnings: Vec<String>,
    /// None if nothing was written.
    pub written: Option<WrittenModel>,
}
