//! Values over the epochs of a training.

use plotters::prelude::*;

use super::PlotError;
use super::canvas::{Axis, GREY, NEGATIVE, POSITIVE, axes, dashes, legend, picture};

/// One line of a picture.
pub struct Curve {
    /// Its name in the legend.
    pub name: &'static str,
    /// Its value in each epoch, from the first.
    pub values: Vec<f64>,
}

/// Draws curves over the epochs, with dashes at the epoch that was kept. The axis of the values goes from `low` to
/// `high` at least; `names` is where the legend is in nobody's way.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn draw(
    title: &str,
    (name, number): (&str, fn(&f64) -> String),
    curves: &[Curve],
    kept: usize,
    (low, high): (f64, f64),
    names: SeriesLabelPosition,
) -> Result<String, PlotError> {
    let epochs = curves.iter().map(|curve| curve.values.len()).max().unwrap_or(0).max(1);
    let values = || curves.iter().flat_map(|curve| curve.values.iter().copied());
    let high = values().fold(high, f64::max) * 1.04;
    let low = values().fold(low, f64::min);
    picture(|area| {
        let x = Axis::count("epoch", 0.5..epochs as f64 + 0.5, epochs.min(20));
        let y = Axis { name, range: low..high, marks: 11, number };
        let mut chart = axes(area, title, x, y)?;
        let at = kept as f64;
        dashes(&mut chart, [(at, low), (at, high)], GREY)?;
        let marks: [(RGBColor, u32); 2] = [(NEGATIVE, 1), (POSITIVE, 3)];
        for (curve, (colour, width)) in curves.iter().zip(marks.into_iter().cycle()) {
            let points: Vec<(f64, f64)> =
                curve.values.iter().enumerate().map(|(i, value)| ((i + 1) as f64, *value)).collect();
            let style = colour.stroke_width(width + 1);
            chart
                .draw_series(LineSeries::new(points.iter().copied(), style))?
                .label(curve.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
            chart.draw_series(points.iter().map(|point| Circle::new(*point, width + 2, colour.filled())))?;
        }
        chart
            .draw_series(std::iter::empty::<Circle<(f64, f64), i32>>())?
            .label(format!("epoch {kept} was kept"))
            .legend(|(x, y)| PathElement::new([(x + 11, y - 8), (x + 11, y + 8)], GREY.stroke_width(2)));
        legend(&mut chart, names)
    })
}
