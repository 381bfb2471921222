//! Gaussian noise.

use std::f32::consts::TAU;

use rand::{Rng, RngExt};

use super::FloatImage;

/// Adds independent Gaussian noise of this deviation, in levels, to every pixel.
pub(in crate::data) fn add(image: &mut FloatImage, deviation: f32, rng: &mut impl Rng) {
    for pair in image.levels.chunks_mut(2) {
        // Two at a time, by Box and Muller (1958, Ann. Math. Statist. 29:610); 1 - u is never 0.
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt() * deviation;
        let (sin, cos) = (TAU * rng.random::<f32>()).sin_cos();
        for (level, part) in pair.iter_mut().zip([cos, sin]) {
            *level += radius * part;
        }
    }
}
