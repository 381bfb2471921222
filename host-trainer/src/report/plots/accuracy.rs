//! The accuracy over the epochs.

use plotters::prelude::SeriesLabelPosition;

use super::curves::{Curve, CurvePlot, draw};
use super::{Picture, PlotError};
use crate::head::Epoch;

/// Training and validation accuracy over the epochs; `kept` is the epoch whose weights were kept, from 1.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn accuracy(history: &[Epoch], kept: usize) -> Result<Picture, PlotError> {
    let curves = [
        Curve { name: "training", values: history.iter().map(|epoch| epoch.train_accuracy).collect() },
        Curve { name: "validation", values: history.iter().map(|epoch| epoch.validation_accuracy).collect() },
    ];
    Ok(Picture {
        name: "accuracy",
        caption: "Part of the images on the right side of one half, over the epochs.".to_owned(),
        svg: draw(
            CurvePlot {
                title: "Accuracy",
                axis_name: "accuracy at 0.5",
                number: |x| format!("{x:.2}"),
                range: 0.5..1.0,
                legend: SeriesLabelPosition::LowerRight,
            },
            &curves,
            kept,
        )?,
    })
}
