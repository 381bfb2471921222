//! Uneven exposure: a beam that is brighter on one side.

use std::f64::consts::TAU;

use rand::{Rng, RngExt};

use super::FloatImage;

/// Multiplies levels by a pixels through 1 in the middle, 1 + `part` at the edge in a direction that is drawn and
/// 1 - `part` at the opposite one.
pub(super) fn shade(pixels: &mut FloatImage, part: f64, rng: &mut impl Rng) {
    let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
    let (width, height) = (pixels.width, pixels.height);
    // -1 to 1 from one border to the other.
    let place = |at: usize, side: usize| (2 * at + 1) as f64 / side as f64 - 1.0;
    for (y, row) in pixels.levels.chunks_exact_mut(width).enumerate() {
        for (x, level) in row.iter_mut().enumerate() {
            *level *= (1.0 + part * (cos * place(x, width) + sin * place(y, height))) as f32;
        }
    }
}
