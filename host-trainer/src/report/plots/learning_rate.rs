//! The learning rate over the epochs.

use plotters::prelude::SeriesLabelPosition;

use super::curves::{Curve, CurvePlot, draw};
use super::{Picture, PlotError};
use crate::head::Epoch;

/// The learning rate over the epochs; `kept` is the epoch whose weights were kept, from 1.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn learning_rate(history: &[Epoch], kept: usize) -> Result<Picture, PlotError> {
    let values = history.iter().map(|epoch| epoch.learning_rate).collect();
    Ok(Picture {
        name: "learning-rate",
        caption: "Adam's learning rate in each epoch.".to_owned(),
        svg: draw(
            CurvePlot {
                title: "Learning rate",
                axis_name: "learning rate",
                number: |x| format!("{x:.1e}").replace(".0e", "e"),
                range: 0.0..0.0,
                legend: SeriesLabelPosition::LowerLeft,
            },
            &[Curve { name: "learning rate", values }],
            kept,
        )?,
    })
}
