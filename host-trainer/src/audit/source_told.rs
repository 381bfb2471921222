//! Whether a score tells the hospital of an image within a class.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AuditScores;
use crate::metrics::{Interval, MetricsError, Scored, auroc, auroc_interval};

/// How well the score tells two hospitals apart among images of one class. A model that knows the hospital gives its images
/// other scores whatever they show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceTold {
    /// Whether the images show the finding.
    pub label: bool,
    /// The two hospitals.
    pub sources: [String; 2],
    /// Images of each that have a score.
    pub images: [usize; 2],
    /// How often an image of the second has a higher score than one of the first, 0 to 1; 0.5 if they cannot be told.
    pub auroc: f64,
    /// Its 95% interval (DeLong); none if one of them has one image only.
    pub auroc_interval: Option<Interval>,
}

impl SourceTold {
    /// Each pair of hospitals in each class, by the scores of the images as they are. Pairs of which one has no image of the
    /// class are left out.
    ///
    /// # Errors
    /// [`MetricsError`] if a score is no probability.
    pub(super) fn all(scores: &AuditScores) -> Result<Vec<SourceTold>, MetricsError> {
        let names: Vec<&str> = scores.source_names().into_iter().collect();
        let mut all = Vec::new();
        for label in [false, true] {
            for (at, first) in names.iter().enumerate() {
                for second in &names[at + 1..] {
                    all.extend(SourceTold::of_pair(scores, label, [first, second])?);
                }
            }
        }
        Ok(all)
    }

    fn of_pair(
        scores: &AuditScores,
        label: bool,
        sources: [&str; 2],
    ) -> Result<Option<SourceTold>, MetricsError> {
        let images = scores.as_they_are.iter().zip(&scores.labels).zip(&scores.sources);
        let told: Vec<Scored> = images
            .filter(|((_, of_image), source)| **of_image == label && sources.contains(&source.as_str()))
            .filter_map(|((score, _), source)| Some(((*score)?, source == sources[1])))
            .collect();
        let second = told.iter().filter(|(_, second)| *second).count();
        let images = [told.len() - second, second];
        if images.contains(&0) {
            return Ok(None);
        }
        Ok(Some(SourceTold {
            label,
            sources: sources.map(str::to_owned),
            images,
            auroc: auroc(&told)?,
            auroc_interval: auroc_interval(&told)?,
        }))
    }

    /// How far the area is from chance, 0 to 0.5.
    pub fn distance(&self) -> f64 {
        (self.auroc - 0.5).abs()
    }
}

impl fmt::Display for SourceTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = if self.label { "with" } else { "without" };
        let [first, second] = &self.sources;
        write!(f, "among images {class} the finding the score tells {second} from {first} with AUROC ")?;
        write!(f, "{:.3}", self.auroc)?;
        if let Some(interval) = self.auroc_interval {
            write!(f, " [{:.3}, {:.3}]", interval.low, interval.high)?;
        }
        let [of_first, of_second] = self.images;
        write!(f, " (n = {of_second} and {of_first}; 0.5 is chance)")
    }
}
