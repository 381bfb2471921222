//! What an audit found, in figures and words.

use std::fmt;

use serde::Serialize;

use super::Transform;
use crate::metrics::{
    AurocComparison, Confusion, Interval, MetricsError, Rate, Scored, auroc, auroc_interval, compare_auroc,
};

/// The scores of one audit: calibrated probabilities, in the order of the images; none where an image could not be changed
/// or the quality gate refused it.
#[derive(Debug, Clone, Default)]
pub struct AuditScores {
    /// Whether each image shows the finding.
    pub labels: Vec<bool>,
    /// Of the images as they are.
    pub as_they_are: Vec<Option<f64>>,
    /// Of the images under each change.
    pub changed: Vec<(Transform, Vec<Option<f64>>)>,
}

/// Figures on the images under one change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransformFigures {
    /// The change, by [`Transform::name`]; `as-they-are` for none.
    pub transform: &'static str,
    /// Images that have a score.
    pub images: usize,
    /// Area under the ROC curve, 0 to 1; none if these images are of one class.
    pub auroc: Option<f64>,
    /// Its 95% interval (DeLong); none if a class has one image only.
    pub auroc_interval: Option<Interval>,
    /// Area on the same images as they are less this one; none for the images as they are.
    pub drop: Option<f64>,
    /// The drop's 95% interval (DeLong, paired).
    pub drop_interval: Option<Interval>,
    /// Share of the positive images that are called so at the model's threshold.
    pub sensitivity: Rate,
    /// Share of the negative images that are called so at the model's threshold.
    pub specificity: Rate,
}

/// What a model may show in an audit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AuditLimits {
    /// Largest area under the ROC curve on the frame alone, from 0.5 to 1.
    pub max_frame_auroc: f64,
}

impl Default for AuditLimits {
    fn default() -> Self {
        AuditLimits { max_frame_auroc: 0.65 }
    }
}

/// Whether a model is within its limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum AuditVerdict {
    /// The frame alone does not tell the classes.
    WithinLimits {
        /// Area on the frame alone.
        frame_auroc: f64,
        /// The limit.
        limit: f64,
    },
    /// The frame alone tells the classes.
    FrameTellsClasses {
        /// Area on the frame alone.
        frame_auroc: f64,
        /// The limit.
        limit: f64,
    },
}

impl fmt::Display for AuditVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuditVerdict::WithinLimits { frame_auroc, limit } => write!(
                f,
                "the frame alone tells the classes little: AUROC {frame_auroc:.3} (limit {limit:.3}, chance 0.5)"
            ),
            AuditVerdict::FrameTellsClasses { frame_auroc, limit } => write!(
                f,
                "the frame alone tells the classes: AUROC {frame_auroc:.3} (limit {limit:.3}); do not use this model on \
                 images of another hospital; train with exchanged frames (fit --draws) on images of several hospitals"
            ),
        }
    }
}

/// The figures of an audit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// On the images as they are, then one row a change.
    pub rows: Vec<TransformFigures>,
}

impl Audit {
    /// The figures of these scores at `threshold`.
    ///
    /// # Errors
    /// [`MetricsError`] if a score is no probability.
    pub fn new(scores: &AuditScores, threshold: f64) -> Result<Audit, MetricsError> {
        let paired = |changed: &[Option<f64>]| -> Vec<(f64, f64, bool)> {
            let all = scores.as_they_are.iter().zip(changed).zip(&scores.labels);
            all.filter_map(|((before, after), label)| Some(((*before)?, (*after)?, *label))).collect()
        };
        let scored = |scores_of: &[Option<f64>]| -> Vec<Scored> {
            let all = scores_of.iter().zip(&scores.labels);
            all.filter_map(|(score, label)| Some(((*score)?, *label))).collect()
        };
        let mut rows = vec![figures("as-they-are", &scored(&scores.as_they_are), None, threshold)?];
        for (transform, changed) in &scores.changed {
            let compared = defined(compare_auroc(&paired(changed)))?;
            rows.push(figures(transform.name(), &scored(changed), compared, threshold)?);
        }
        Ok(Audit { rows })
    }

    /// The row of a change, if it was made.
    pub fn row(&self, transform: Transform) -> Option<&TransformFigures> {
        self.rows.iter().find(|row| row.transform == transform.name())
    }

    /// Whether the model is within these limits; none if the area on the frame alone is not known.
    pub fn verdict(&self, limits: AuditLimits) -> Option<AuditVerdict> {
        let area = self.row(Transform::FrameAlone)?.auroc?;
        // Below chance the frame tells the classes, too, the wrong way round.
        let frame_auroc = area.max(1.0 - area);
        let limit = limits.max_frame_auroc;
        Some(if frame_auroc > limit {
            AuditVerdict::FrameTellsClasses { frame_auroc, limit }
        } else {
            AuditVerdict::WithinLimits { frame_auroc, limit }
        })
    }
}

/// `None` where images of both classes are needed and there are none.
fn defined<T>(figure: Result<T, MetricsError>) -> Result<Option<T>, MetricsError> {
    match figure {
        Ok(figure) => Ok(Some(figure)),
        Err(MetricsError::OneClass { .. } | MetricsError::Empty) => Ok(None),
        Err(error) => Err(error),
    }
}

fn figures(
    transform: &'static str,
    scored: &[Scored],
    compared: Option<AurocComparison>,
    threshold: f64,
) -> Result<TransformFigures, MetricsError> {
    let counts = Confusion::at(scored, threshold);
    Ok(TransformFigures {
        transform,
        images: scored.len(),
        auroc: defined(auroc(scored))?,
        auroc_interval: defined(auroc_interval(scored))?.flatten(),
        // The comparison gives what the change adds.
        drop: compared.as_ref().map(|compared| -compared.difference),
        drop_interval: compared
            .and_then(|compared| compared.interval)
            .map(|interval| Interval { low: -interval.high, high: -interval.low }),
        sensitivity: Rate::new(counts.tp, counts.tp + counts.fn_),
        specificity: Rate::new(counts.tn, counts.tn + counts.fp),
    })
}
