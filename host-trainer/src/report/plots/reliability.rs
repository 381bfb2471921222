//! The reliability diagram.

use plotters::prelude::*;

use super::canvas::{Axis, GREY, NEGATIVE, Offset, POSITIVE, axes, dashes, legend, picture, tag};
use super::{Picture, PlotError};
use crate::metrics::Reliability;

/// The part of positives over the probability, in bins, with 95% intervals; before calibration too, where there
/// was one.
///
/// # Errors
/// [`PlotError::Drawing`] if it cannot be drawn.
pub fn reliability_diagram(
    calibrated: &Reliability,
    before: Option<&Reliability>,
) -> Result<Picture, PlotError> {
    let svg = picture(|area| {
        let mut chart = axes(
            area,
            "Reliability",
            Axis::share("probability that the model gives"),
            Axis::share("part that is positive"),
        )?;
        dashes(&mut chart, [(0.0, 0.0), (1.0, 1.0)], GREY)?;
        if let Some(before) = before {
            let points: Vec<_> = points(before).map(|(at, ..)| at).collect();
            chart
                .draw_series(points.iter().map(|at| TriangleMarker::new(*at, 6, POSITIVE.filled())))?
                .label(format!("before calibration: error {:.3}", before.expected_error))
                .legend(|(x, y)| TriangleMarker::new((x + 11, y), 6, POSITIVE.filled()));
        }
        let name = if before.is_some() { "calibrated" } else { "not calibrated" };
        let bars = points(calibrated).filter_map(|(at, interval, _)| {
            Some(PathElement::new([(at.0, interval?.0), (at.0, interval?.1)], NEGATIVE.stroke_width(2)))
        });
        chart.draw_series(bars)?;
        let marks = points(calibrated).map(|(at, ..)| at).collect::<Vec<_>>();
        chart
            .draw_series(marks.iter().map(|at| Circle::new(*at, 6, NEGATIVE.filled())))?
            .label(format!("{name}: error {:.3}", calibrated.expected_error))
            .legend(|(x, y)| Circle::new((x + 11, y), 6, NEGATIVE.filled()));
        for (at, _, n) in points(calibrated) {
            // Beside the bar of its interval, and not below the axis.
            let right = if at.0 < 0.93 { 22 } else { -22 };
            let down = if at.1 > 0.05 { 4 } else { -20 };
            tag(&mut chart, at, n as usize, Offset { right, down })?;
        }
        // A model that is surer than it is right is rarely so wrong that points lie there.
        legend(&mut chart, SeriesLabelPosition::LowerRight)
    })?;
    let caption = "Whether probabilities mean what they say: of the images that are given about this probability, the \
                   part that is positive, with 95% intervals. The number beside a point is how many images it stands \
                   for. On the dashes they agree."
        .to_owned();
    Ok(Picture { name: "reliability", caption, svg })
}

type Point = ((f64, f64), Option<(f64, f64)>, u64);

/// Place, interval and number of images of each bin that holds any.
fn points(reliability: &Reliability) -> impl Iterator<Item = Point> {
    reliability.bins.iter().filter_map(|bin| {
        let at = (bin.mean?, bin.positive.value?);
        Some((at, bin.positive.interval.map(|i| (i.low, i.high)), bin.positive.n))
    })
}
