//! The scores that an audit is made from.

use std::collections::BTreeSet;

use super::Transform;

/// The scores of one audit: calibrated probabilities, in the order of the images; none where an image could not be changed
/// or the quality gate refused it.
#[derive(Debug, Clone, Default)]
pub struct AuditScores {
    /// Whether each image shows the finding.
    pub labels: Vec<bool>,
    /// The hospital of each image; empty names where there is only one.
    pub sources: Vec<String>,
    /// Of the images as they are.
    pub as_they_are: Vec<Option<f64>>,
    /// Of the images under each change.
    pub changed: Vec<(Transform, Vec<Option<f64>>)>,
}

impl AuditScores {
    /// The names of the hospitals, in alphabetical order.
    pub(super) fn source_names(&self) -> BTreeSet<&str> {
        self.sources.iter().map(String::as_str).collect()
    }

    /// The scores of one hospital's images.
    pub(super) fn of_source(&self, source: &str) -> AuditScores {
        let own: Vec<usize> = (0..self.sources.len()).filter(|at| self.sources[*at] == source).collect();
        fn taken<T: Clone>(all: &[T], own: &[usize]) -> Vec<T> {
            own.iter().filter_map(|at| all.get(*at)).cloned().collect()
        }
        AuditScores {
            labels: taken(&self.labels, &own),
            sources: taken(&self.sources, &own),
            as_they_are: taken(&self.as_they_are, &own),
            changed: self.changed.iter().map(|(change, all)| (*change, taken(all, &own))).collect(),
        }
    }
}
