//! Scores of both classes.

use plotters::prelude::*;

use super::canvas::{Area, Axis, GREY, INK, NEGATIVE, Offset, POSITIVE, axes, dashes, picture, tag};
use super::{Picture, PlotError, WorkingPoint};
use crate::data::ClassNames;
use crate::metrics::Scored;

/// Bars of each class.
const BARS: usize = 20;

/// How many images of each class have which probability, with the threshold and the abstain band.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn histogram(
    scored: &[Scored],
    classes: &ClassNames,
    point: &WorkingPoint,
) -> Result<Picture, PlotError> {
    let svg = picture(|area| {
        let (upper, lower) = area.split_vertically(255);
        class(&upper, &classes.positive, &counts(scored, true), POSITIVE, point)?;
        class(&lower, &classes.negative, &counts(scored, false), NEGATIVE, point)
    })?;
    let band = match point.band {
        Some((low, high)) => format!(" Between {low:.4} and {high:.4}, shaded, the model does not decide."),
        None => String::new(),
    };
    let caption = format!(
        "How many images of each class are given which probability. From the threshold {:.4} on, the dashes, an image is \
         called positive.{band}",
        point.threshold
    );
    Ok(Picture { name: "scores", caption, svg })
}

fn counts(scored: &[Scored], wanted: bool) -> [usize; BARS] {
    let mut counts = [0; BARS];
    for (p, _) in scored.iter().filter(|(_, label)| *label == wanted) {
        counts[((p * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    counts
}

fn class(
    area: &Area<'_>,
    name: &str,
    counts: &[usize; BARS],
    colour: RGBColor,
    point: &WorkingPoint,
) -> Result<(), PlotError> {
    let all: usize = counts.iter().sum();
    let most = (counts.iter().copied().max().unwrap_or(0).max(1)) as f64 * 1.25;
    let title = format!("{name}: {all} images");
    let mut chart = axes(area, &title, Axis::share("probability"), Axis::count("images", 0.0..most, 6))?;
    if let Some((low, high)) = point.band {
        chart.draw_series([Rectangle::new([(low, 0.0), (high, most)], GREY.mix(0.25).filled())])?;
    }
    let edge = |bar: usize| bar as f64 / BARS as f64;
    let bars = counts.iter().enumerate().map(|(bar, count)| {
        let mut bar =
            Rectangle::new([(edge(bar), 0.0), (edge(bar + 1), *count as f64)], colour.mix(0.8).filled());
        bar.set_margin(0, 0, 1, 1);
        bar
    });
    chart.draw_series(bars)?;
    dashes(&mut chart, [(point.threshold, 0.0), (point.threshold, most)], INK)?;
    for (bar, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let at = (edge(bar) + 0.5 / BARS as f64, *count as f64);
        tag(&mut chart, at, *count, Offset { right: 0, down: -19 })?;
    }
    Ok(())
}
