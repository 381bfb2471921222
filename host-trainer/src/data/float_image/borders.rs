//! Dark borders, where no X-ray reached the sensor.

use std::ops::Range;

use rand::{Rng, RngExt};

use super::FloatImage;

/// Brightest level of a bar.
const BRIGHTEST: f32 = 40.0;

/// Paints a dark bar over the left and one over the right border, each with a width in `widths` (parts of the image width).
pub(in crate::data) fn paint(image: &mut FloatImage, widths: Range<f64>, rng: &mut impl Rng) {
    let mut bar = || {
        let width = image.width as f64 * (widths.start + (widths.end - widths.start) * rng.random::<f64>());
        (width.round() as usize, BRIGHTEST * rng.random::<f32>())
    };
    let (left, right) = (bar(), bar());
    for row in image.levels.chunks_exact_mut(image.width) {
        row[..left.0].fill(left.1);
        let from = row.len() - right.0;
        row[from..].fill(right.1);
    }
}
