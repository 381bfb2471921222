//! What an audit found, in figures.

use serde::{Deserialize, Serialize};

use super::{AuditScores, SourceTold, Transform};
use crate::metrics::{
    AurocComparison, Confusion, Interval, MetricsError, Rate, Scored, auroc, auroc_interval, compare_auroc,
};

/// The name of the images without a change.
const AS_THEY_ARE: &str = "as-they-are";

/// Figures on the images under one change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransformFigures {
    /// The change, by [`Transform::name`]; `as-they-are` for none.
    pub transform: String,
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

/// Figures on the images of one of several hospitals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceAudit {
    /// The hospital.
    pub source: String,
    /// On its images as they are, then one row a change. Frames come from images of all hospitals.
    pub rows: Vec<TransformFigures>,
}

/// The figures of an audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// On the images as they are, then one row a change.
    pub rows: Vec<TransformFigures>,
    /// The same by hospital, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_source: Vec<SourceAudit>,
    /// How well the score tells the hospital within a class, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_told: Vec<SourceTold>,
}

impl TransformFigures {
    /// The change in words.
    pub fn described(&self) -> &'static str {
        Transform::from_name(&self.transform).map_or("as they are", Transform::description)
    }
}

impl Audit {
    /// The figures of these scores at `threshold`.
    ///
    /// # Errors
    /// [`MetricsError`] if a score is no probability.
    pub fn new(scores: &AuditScores, threshold: f64) -> Result<Audit, MetricsError> {
        let names = scores.source_names();
        let several = names.len() > 1;
        let of_source = |source: &str| {
            let rows = rows(&scores.of_source(source), threshold)?;
            Ok(SourceAudit { source: source.to_owned(), rows })
        };
        Ok(Audit {
            rows: rows(scores, threshold)?,
            by_source: names.into_iter().filter(|_| several).map(of_source).collect::<Result<_, _>>()?,
            source_told: SourceTold::all(scores)?,
        })
    }

    /// The row of a change, if it was made.
    pub fn row(&self, transform: Transform) -> Option<&TransformFigures> {
        self.rows.iter().find(|row| row.transform == transform.name())
    }

    /// Area under the ROC curve on the frame alone; none if it is not known.
    pub(super) fn frame_auroc(&self) -> Option<f64> {
        self.row(Transform::FrameAlone)?.auroc
    }

    /// Loss of that area by the frame of an image of the other class; none if it is not known.
    pub(super) fn other_frame_drop(&self) -> Option<f64> {
        self.row(Transform::FrameOfOtherClass)?.drop
    }
}

fn rows(scores: &AuditScores, threshold: f64) -> Result<Vec<TransformFigures>, MetricsError> {
    let paired = |changed: &[Option<f64>]| -> Vec<(f64, f64, bool)> {
        let all = scores.as_they_are.iter().zip(changed).zip(&scores.labels);
        all.filter_map(|((before, after), label)| Some(((*before)?, (*after)?, *label))).collect()
    };
    let scored = |scores_of: &[Option<f64>]| -> Vec<Scored> {
        let all = scores_of.iter().zip(&scores.labels);
        all.filter_map(|(score, label)| Some(((*score)?, *label))).collect()
    };
    let mut rows = vec![figures(AS_THEY_ARE, &scored(&scores.as_they_are), None, threshold)?];
    for (transform, changed) in &scores.changed {
        let compared = defined(compare_auroc(&paired(changed)))?;
        rows.push(figures(transform.name(), &scored(changed), compared, threshold)?);
    }
    Ok(rows)
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
    transform: &str,
    scored: &[Scored],
    compared: Option<AurocComparison>,
    threshold: f64,
) -> Result<TransformFigures, MetricsError> {
    let counts = Confusion::at(scored, threshold);
    Ok(TransformFigures {
        transform: transform.to_owned(),
        images: scored.len(),
        auroc: defined(auroc(scored))?,
        auroc_interval: defined(auroc_interval(scored))?.flatten(),
        // The comparison gives what the change adds.
        drop: compared.as_ref().map(|compared| 0.0 - compared.difference),
        drop_interval: compared
            .and_then(|compared| compared.interval)
            .map(|interval| Interval { low: -interval.high, high: -interval.low }),
        sensitivity: Rate::new(counts.tp, counts.tp + counts.fn_),
        specificity: Rate::new(counts.tn, counts.tn + counts.fp),
    })
}
