//! The precision-recall curve.

use plotters::prelude::*;

use super::canvas::{Axis, GREY, NEGATIVE, axes, dashes, figure, note, picture, ring};
use super::{Picture, PlotError};
use crate::metrics::{Evaluation, ThresholdRow};

/// Precision over sensitivity for every threshold, with the point at which the model works. `None` without a
/// positive, or where the model calls none.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn precision_recall(
    rows: &[ThresholdRow],
    evaluation: &Evaluation,
    average_precision: Option<f64>,
) -> Result<Option<Picture>, PlotError> {
    let (Some(sensitivity), Some(precision)) = (evaluation.sensitivity.value, evaluation.positive.precision)
    else {
        return Ok(None);
    };
    // A step: what a threshold adds in sensitivity has its precision.
    let mut points = Vec::with_capacity(2 * rows.len());
    let mut before = 0.0;
    for row in rows {
        let report = row.confusion.positive();
        if let (Some(precision), Some(recall)) = (report.precision, report.recall) {
            points.extend([(before, precision), (recall, precision)]);
            before = recall;
        }
    }
    let (positives, all) = (evaluation.positive.support, evaluation.confusion.total());
    let prevalence = positives as f64 / all as f64;
    let svg = picture(|area| {
        let mut chart = axes(
            area,
            "Precision and recall",
            Axis::share("found: sensitivity (recall)"),
            Axis::share("positive calls that are right: precision"),
        )?;
        dashes(&mut chart, [(0.0, prevalence), (1.0, prevalence)], GREY)?;
        chart.draw_series(LineSeries::new(points, NEGATIVE.stroke_width(3)))?;
        ring(&mut chart, (sensitivity, precision))?;
        let lines = [
            format!("average precision {}", figure(average_precision, None)),
            format!("working point: threshold {:.4}", evaluation.threshold),
            format!("precision {precision:.3}, sensitivity {sensitivity:.3}"),
            format!("dashes: calling all positive, {prevalence:.3}"),
        ];
        note(&mut chart, (0.05, 0.34), &lines)
    })?;
    let caption = format!(
        "Every threshold's part of right positive calls against the part of positives found, with {positives} positives \
         among {all} images. Where the finding is rarer, precision is lower."
    );
    Ok(Some(Picture { name: "precision-recall", caption, svg }))
}
