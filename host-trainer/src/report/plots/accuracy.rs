//! The accuracy over the epochs.

use plotters::prelude::SeriesLabelPosition;

use super::curves::{Curve, draw};
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
        caption:
            "Part of the images on the right side of one half, over the passes through the training images."
                .to_owned(),
        svg: draw(
            "Accuracy",
            ("accuracy at 0.5", |x| format!("{x:.2}")),
            &curves,
            kept,
            (0.5, 1.0),
            SeriesLabelPosition::LowerRight,
        )?,
    })
}
