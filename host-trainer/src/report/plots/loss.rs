//! The loss over the epochs.

use plotters::prelude::SeriesLabelPosition;

use super::curves::{Curve, CurvePlot, draw};
use super::{Picture, PlotError};
use crate::head::Epoch;

/// Training and validation loss over the epochs; `kept` is the epoch whose weights were kept, from 1.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn loss(history: &[Epoch], kept: usize) -> Result<Picture, PlotError> {
    let curves = [
        Curve { name: "training", values: history.iter().map(|epoch| epoch.train_loss).collect() },
        Curve { name: "validation", values: history.iter().map(|epoch| epoch.validation_loss).collect() },
    ];
    Ok(Picture {
        name: "loss",
        caption: "Loss over the epochs. A validation loss that rises while the training \
                  loss falls is overfitting. Training is measured with dropout, validation without."
            .to_owned(),
        svg: draw(
            CurvePlot {
                title: "Loss",
                axis_name: "binary cross-entropy",
                number: |x| format!("{x:.2}"),
                range: 0.0..0.0,
                legend: SeriesLabelPosition::UpperRight,
            },
            &curves,
            kept,
        )?,
    })
}
