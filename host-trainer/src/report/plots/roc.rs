//! The ROC curve.

use plotters::prelude::*;

use super::canvas::{Axis, GREY, INK, NEGATIVE, axes, dashes, figure, note, picture, ring};
use super::{Picture, PlotError};
use crate::metrics::{Evaluation, ThresholdRow};

/// Sensitivity over 1 - specificity for every threshold, with the point at which the model works. `None` when only
/// one class occurs.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn roc(rows: &[ThresholdRow], evaluation: &Evaluation) -> Result<Option<Picture>, PlotError> {
    let e = evaluation;
    let (Some(sensitivity), Some(specificity)) = (e.sensitivity.value, e.specificity.value) else {
        return Ok(None);
    };
    let mut points = vec![(0.0, 0.0)];
    points.extend(
        rows.iter()
            .filter_map(|row| Some((1.0 - row.confusion.specificity()?, row.confusion.sensitivity()?))),
    );
    let svg = picture(|area| {
        let mut chart = axes(
            area,
            "ROC curve",
            Axis::share("false alarms: 1 - specificity"),
            Axis::share("found: sensitivity"),
        )?;
        dashes(&mut chart, [(0.0, 0.0), (1.0, 1.0)], GREY)?;
        chart.draw_series(LineSeries::new(points, NEGATIVE.stroke_width(3)))?;
        let at = (1.0 - specificity, sensitivity);
        if let (Some(across), Some(down)) = (e.specificity.interval, e.sensitivity.interval) {
            let bar = INK.stroke_width(2);
            chart.draw_series([
                PathElement::new([(1.0 - across.high, at.1), (1.0 - across.low, at.1)], bar),
                PathElement::new([(at.0, down.low), (at.0, down.high)], bar),
            ])?;
        }
        ring(&mut chart, at)?;
        let lines = [
            format!("AUROC {}", figure(e.auroc, e.auroc_interval)),
            format!("working point: threshold {:.4}", e.threshold),
            format!("sensitivity {}", figure(e.sensitivity.value, e.sensitivity.interval)),
            format!("specificity {}", figure(e.specificity.value, e.specificity.interval)),
        ];
        note(&mut chart, (0.44, 0.34), &lines)
    })?;
    let caption = format!(
        "Every threshold's share of the {} positives found against its share of the {} negatives that are false alarms. The \
         ring is where the model works, with 95% intervals; the dashes are guessing.",
        e.positive.support, e.negative.support
    );
    Ok(Some(Picture { name: "roc", caption, svg }))
}
