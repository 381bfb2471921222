//! How often the quality gate of a model refuses pictures, by kind of picture.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::Interval;

/// What the quality gate should do with a kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedOutcome {
    /// These are X-rays that a model may score.
    Accepted,
    Refused,
}

/// The outcomes of one kind of picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityGateRow {
    /// The source of the pictures, such as `drawn`.
    pub group: &'static str,
    pub kind: String,
    #[serde(rename = "wanted")]
    pub expected: ExpectedOutcome,
    /// Number of pictures.
    pub n: u64,
    pub refused: u64,
    /// 95% interval of the rate of refusals.
    pub interval: Option<Interval>,
    /// Refused pictures by the code of the reason; a picture can have several reasons.
    pub reasons: BTreeMap<&'static str, u64>,
}

/// The outcomes of all kinds of pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityGateTable {
    /// SHA-256 of the model file (hex).
    pub model: String,
    /// Which X-rays were used.
    pub images: String,
    /// Whether the model holds a fitted quality gate; if not, only the checks of the picture itself apply.
    pub fitted: bool,
    /// One row for each kind.
    pub rows: Vec<QualityGateRow>,
}
