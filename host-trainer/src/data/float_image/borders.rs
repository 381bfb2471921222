//! The parts of a sensor that no X-ray reached.

use rand::{Rng, RngExt};

use super::Plane;

/// Brightest level of a bar.
const BRIGHTEST: f32 = 40.0;

/// Paints a dark bar over the left and one over the right border, each of `least` to `most` (parts of the width).
pub(in crate::data) fn paint(plane: &mut Plane, (least, most): (f64, f64), rng: &mut impl Rng) {
    let mut bar = || {
        let width = plane.width as f64 * (least + (most - least) * rng.random::<f64>());
        (width.round() as usize, BRIGHTEST * rng.random::<f32>())
    };
    let (left, right) = (bar(), bar());
    for row in plane.levels.chunks_exact_mut(plane.width) {
        row[..left.0].fill(left.1);
        let from = row.len() - right.0;
        row[from..].fill(right.1);
    }
}
