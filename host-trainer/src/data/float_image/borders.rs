//! The parts of a sensor that no X-ray reached.

use rand::{Rng, RngExt};

use super::FloatImage;

/// Brightest level of a bar.
const BRIGHTEST: f32 = 40.0;

/// Paints a dark bar over the left and one over the right border, each of `least` to `most` (parts of the width).
pub(in crate::data) fn paint(image: &mut FloatImage, (least, most): (f64, f64), rng: &mut impl Rng) {
    let mut bar = || {
        let width = image.width as f64 * (least + (most - least) * rng.random::<f64>());
        (width.round() as usize, BRIGHTEST * rng.random::<f32>())
    };
    let (left, right) = (bar(), bar());
    for row in image.levels.chunks_exact_mut(image.width) {
        row[..left.0].fill(left.1);
        let from = row.len() - right.0;
        row[from..].fill(right.1);
    }
}
