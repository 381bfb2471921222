//! What the audit of a model file found.

use std::collections::BTreeMap;

use image::GrayImage;
use serde::Serialize;

use crate::audit::{Audit, AuditLimits, AuditVerdict};

/// The audit of a model on one set of images.
#[derive(Debug, Clone, Serialize)]
pub struct ModelAudit {
    /// SHA-256 (hex) of the model file.
    pub model: String,
    /// Which split.
    pub split: &'static str,
    /// Seed of partners and shuffled pixels.
    pub seed: u64,
    /// Images that could be read.
    pub images: usize,
    /// Figures on every image.
    pub gate_off: Audit,
    /// Figures on the images that the quality gate admits.
    pub gate_on: Audit,
    /// The limits that the model was held against.
    pub limits: AuditLimits,
    /// Whether it is within them, with the gate off; none if a figure that has a limit is not known.
    #[serde(flatten)]
    pub verdict: Option<AuditVerdict>,
    /// Files that could not be read, each with the reason.
    pub left_out: BTreeMap<String, String>,
    /// Some of the images, one a row: as they are and under every change, each with its score.
    #[serde(skip)]
    pub picture: GrayImage,
}

impl ModelAudit {
    /// Whether the model is over a limit.
    pub fn is_over(&self) -> bool {
        self.verdict.as_ref().is_some_and(AuditVerdict::is_over)
    }

    /// What there is to say of the limits, one line a figure.
    pub fn words(&self) -> String {
        self.verdict.as_ref().map_or_else(|| NO_VERDICT.to_owned(), AuditVerdict::to_string)
    }
}

/// What is said where a figure that has a limit is not known.
pub const NO_VERDICT: &str = "no verdict: it needs images of both classes";
