//! Textures: grain, clouds, smoke, slopes. Levels from 0 to 1, row by row.

use rand::{Rng, RngExt};

/// Squares of one to four pixels, each of a level of its own.
pub(super) fn grain(size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let cell = rng.random_range(1..=4);
    let across = size.div_ceil(cell);
    let levels: Vec<f32> = (0..across * across).map(|_| rng.random()).collect();
    (0..size * size).map(|at| levels[at / size / cell * across + at % size / cell]).collect()
}

/// A coarse grid of random levels, soft between its points.
pub(super) fn clouds(size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let points = rng.random_range(2..=28);
    octave(size, points, rng)
}

/// Clouds of every size, the finer the fainter.
pub(super) fn smoke(size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let fade: f32 = 0.4 + 0.5 * rng.random::<f32>();
    let mut sum = vec![0.0; size * size];
    let (mut points, mut part) = (2, 1.0);
    while points < size {
        for (sum, level) in sum.iter_mut().zip(octave(size, points, rng)) {
            *sum += part * (level - 0.5);
        }
        (points, part) = (points * 2, part * fade);
    }
    stretched(sum)
}

/// From one side to the other, at any angle, evenly or not.
pub(super) fn slope(size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let (sin, cos) = (std::f32::consts::TAU * rng.random::<f32>()).sin_cos();
    let power = 0.5 + 1.5 * rng.random::<f32>();
    let levels = (0..size * size).map(|at| (at % size) as f32 * cos + (at / size) as f32 * sin);
    stretched(levels.collect()).into_iter().map(|level| level.powf(power)).collect()
}

/// Random levels at `points + 1` points a side, interpolated with a smooth rise.
fn octave(size: usize, points: usize, rng: &mut impl Rng) -> Vec<f32> {
    let side = points + 1;
    let grid: Vec<f32> = (0..side * side).map(|_| rng.random()).collect();
    let place = |at: usize| {
        let at = at as f32 / size as f32 * points as f32;
        let part = at.fract();
        (at as usize, part * part * (3.0 - 2.0 * part))
    };
    let level = |at: usize| {
        let ((x, across), (y, down)) = (place(at % size), place(at / size));
        let row = |y: usize| {
            let (left, right) = (grid[y * side + x], grid[y * side + x + 1]);
            left + (right - left) * across
        };
        row(y) + (row(y + 1) - row(y)) * down
    };
    (0..size * size).map(level).collect()
}

/// From the least to the greatest on 0 to 1.
fn stretched(levels: Vec<f32>) -> Vec<f32> {
    let low = levels.iter().copied().fold(f32::INFINITY, f32::min);
    let high = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    levels.into_iter().map(|level| (level - low) / (high - low).max(1e-9)).collect()
}
