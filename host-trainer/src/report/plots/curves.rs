//! Values over the epochs of a training.

use plotters::prelude::*;

use super::PlotError;
use super::canvas::{Axis, GREY, NEGATIVE, POSITIVE, axes, dashes, legend, picture};

/// One line of a picture.
pub struct Curve {
    pub name: &'static str,
    /// Its value in each epoch, from the first.
    pub values: Vec<f64>,
}

/// What is drawn around the curves.
pub struct CurvePlot<'a> {
    pub title: &'a str,
    pub axis_name: &'a str,
    /// Formats the numbers of the axis.
    pub number: fn(&f64) -> String,
    /// The least upper and lower end of the axis.
    pub range: std::ops::Range<f64>,
    pub legend: SeriesLabelPosition,
}

/// Draws curves over the epochs, with dashes at the epoch that was kept.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn draw(plot: CurvePlot<'_>, curves: &[Curve], kept: usize) -> Result<String, PlotError> {
    let CurvePlot { title, axis_name: name, number, range, legend: names } = plot;
    let (low, high) = (range.start, range.end);
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
