//! The scores of labelled images of a place.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::metrics::Scored;

/// The score of one labelled image.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalScore {
    /// SHA-256 (hex) of the file, or what a table of readings calls the image.
    pub id: String,
    pub patient: String,
    /// Whether it shows the finding.
    pub label: bool,
    /// Probability of the positive class before probability calibration, 0..1.
    pub uncalibrated: f64,
}

impl LocalScore {
    /// As the metrics take it.
    pub fn scored(&self) -> Scored {
        (self.uncalibrated, self.label)
    }
}

/// Images by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ClassCounts {
    pub negatives: usize,
    pub positives: usize,
}

impl ClassCounts {
    pub fn of(scores: &[LocalScore]) -> ClassCounts {
        let positives = scores.iter().filter(|score| score.label).count();
        ClassCounts { negatives: scores.len() - positives, positives }
    }

    /// Images of the rarer class.
    pub fn fewest(self) -> usize {
        self.negatives.min(self.positives)
    }

    pub fn all(self) -> usize {
        self.negatives + self.positives
    }
}

/// SHA-256 (hex) over the sorted lines `ID LABEL` (label 0 or 1).
pub fn fingerprint(scores: &[LocalScore]) -> String {
    let mut lines: Vec<String> =
        scores.iter().map(|score| format!("{} {}\n", score.id, u8::from(score.label))).collect();
    lines.sort_unstable();
    let mut hash = Sha256::new();
    lines.iter().for_each(|line| hash.update(line));
    xray_core::hex(&hash.finalize())
}
