//! Size, colours, text and axes of all plots.

use std::ops::Range;

use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::PlotError;

/// Width and height of a picture, in SVG units.
pub const SIZE: (u32, u32) = (720, 540);

/// Colour of the class with the finding.
pub const POSITIVE: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// Colour of the class without it.
pub const NEGATIVE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// Colour of what is measured against.
pub const GREY: RGBColor = RGBColor(0x6b, 0x6b, 0x6b);
/// Lines behind the drawing.
const GRID: RGBColor = RGBColor(0xe2, 0xe2, 0xe2);
/// Letters and the working point.
pub const INK: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);

pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A picture with two axes of numbers.
pub type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Letters of a size in SVG units. The family is generic: a viewer takes its own, `png` takes one that comes
/// with the program.
pub fn letters(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// Draws on white and gives the SVG.
///
/// # Errors
/// [`PlotError::Drawing`] if a part does.
pub fn picture(draw: impl FnOnce(&Area<'_>) -> Result<(), PlotError>) -> Result<String, PlotError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(svg)
}

pub struct Axis<'a> {
    pub name: &'a str,
    /// From where to where.
    pub range: Range<f64>,
    /// How many numbers it bears, about.
    pub marks: usize,
    /// How a number is written.
    pub number: fn(&f64) -> String,
}

impl<'a> Axis<'a> {
    /// An axis of shares, from 0 to 1.
    pub fn share(name: &'a str) -> Self {
        Axis { name, range: 0.0..1.0, marks: 11, number: |x| format!("{x:.1}") }
    }

    /// An axis of whole numbers.
    pub fn count(name: &'a str, range: Range<f64>, marks: usize) -> Self {
        Axis {
            name,
            range,
            marks,
            number: |x| if x.fract() == 0.0 { format!("{x:.0}") } else { String::new() },
        }
    }
}

/// Draws title, axes and grid.
///
/// # Errors
/// [`PlotError::Drawing`] if the area is too small.
pub fn axes<'a, 'b>(
    area: &'a Area<'b>,
    title: &str,
    x: Axis<'_>,
    y: Axis<'_>,
) -> Result<Chart<'a, 'b>, PlotError> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, letters(28))
        .margin(14)
        .margin_right(28)
        .x_label_area_size(64)
        .y_label_area_size(86)
        .build_cartesian_2d(x.range, y.range)?;
    chart
        .configure_mesh()
        .x_desc(x.name)
        .y_desc(y.name)
        .x_labels(x.marks)
        .y_labels(y.marks)
        .x_label_formatter(&x.number)
        .y_label_formatter(&y.number)
        .label_style(letters(21))
        .axis_desc_style(letters(24))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(GREY)
        .draw()?;
    Ok(chart)
}

/// Draws the names of the series that have one, over a white ground.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn legend<'a, 'b: 'a>(chart: &mut Chart<'a, 'b>, place: SeriesLabelPosition) -> Result<(), PlotError> {
    chart
        .configure_series_labels()
        .position(place)
        .label_font(letters(21))
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .margin(12)
        .draw()?;
    Ok(())
}

/// A line of dashes between two points.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn dashes(chart: &mut Chart<'_, '_>, ends: [(f64, f64); 2], colour: RGBColor) -> Result<(), PlotError> {
    const LENGTH: u32 = 7;
    const GAP: u32 = 5;
    chart.draw_series(DashedLineSeries::new(ends, LENGTH, GAP, colour.stroke_width(2)))?;
    Ok(())
}

/// Lines of letters from a place of the axes on, downwards.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn note(chart: &mut Chart<'_, '_>, at: (f64, f64), lines: &[String]) -> Result<(), PlotError> {
    const LINE: i32 = 27;
    for (row, line) in lines.iter().enumerate() {
        let text = Text::new(line.clone(), (0, row as i32 * LINE), letters(22));
        let element = EmptyElement::at(at) + text;
        chart.draw_series([element])?;
    }
    Ok(())
}

/// A distance in pixels to the right and down.
#[derive(Debug, Clone, Copy)]
pub struct Offset {
    pub right: i32,
    pub down: i32,
}

/// A number at an offset from a point of the axes, on white so that lines do not hide it.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn tag(
    chart: &mut Chart<'_, '_>,
    at: (f64, f64),
    number: usize,
    Offset { right, down }: Offset,
) -> Result<(), PlotError> {
    // Digits are about half as wide as high.
    const DIGIT: i32 = 9;
    let words = number.to_string();
    let width = words.len() as i32 * DIGIT;
    let left = right - width / 2;
    let ground = [(left - 1, down), (left + width + 1, down + 16)];
    let element = EmptyElement::at(at)
        + Rectangle::new(ground, WHITE.mix(0.7).filled())
        + Text::new(words, (left, down), letters(18));
    chart.draw_series([element])?;
    Ok(())
}

/// The mark of the working point: a ring with a point in it.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn ring(chart: &mut Chart<'_, '_>, at: (f64, f64)) -> Result<(), PlotError> {
    let mark = EmptyElement::at(at)
        + Circle::new((0, 0), 9, INK.stroke_width(3))
        + Circle::new((0, 0), 3, INK.filled());
    chart.draw_series([mark])?;
    Ok(())
}

/// A figure as text, with its 95% interval if it has one.
pub fn figure(value: Option<f64>, interval: Option<crate::metrics::Interval>) -> String {
    match (value, interval) {
        (None, _) => "undefined".to_owned(),
        (Some(value), None) => format!("{value:.3}"),
        (Some(value), Some(i)) => format!("{value:.3} ({:.3} to {:.3})", i.low, i.high),
    }
}
