//! Discs, boxes and strokes on one level. Levels from 0 to 1, row by row.

use rand::{Rng, RngExt};

/// Discs and boxes, one over another.
pub(super) fn shapes(size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let mut levels = vec![rng.random(); size * size];
    for _ in 0..rng.random_range(3..20) {
        let [x, y] = [(); 2].map(|()| rng.random::<f32>());
        let [half_x, half_y] = [(); 2].map(|()| 0.03 + 0.3 * rng.random::<f32>());
        let (round, level): (bool, f32) = (rng.random(), rng.random());
        paint(&mut levels, size, level, |at_x, at_y| {
            let (off_x, off_y) = ((at_x - x) / half_x, (at_y - y) / half_y);
            if round { off_x * off_x + off_y * off_y <= 1.0 } else { off_x.abs().max(off_y.abs()) <= 1.0 }
        });
    }
    levels
}

/// Straight strokes, thin and thick.
pub(super) fn strokes(size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let mut levels = vec![rng.random(); size * size];
    for _ in 0..rng.random_range(5..40) {
        let [x, y, to_x, to_y] = [(); 4].map(|()| rng.random::<f32>());
        let (half, level) = (0.002 + 0.02 * rng.random::<f32>(), rng.random());
        let (along_x, along_y) = (to_x - x, to_y - y);
        let length = (along_x * along_x + along_y * along_y).max(1e-6);
        paint(&mut levels, size, level, |at_x, at_y| {
            let part = (((at_x - x) * along_x + (at_y - y) * along_y) / length).clamp(0.0, 1.0);
            (at_x - x - part * along_x).hypot(at_y - y - part * along_y) <= half
        });
    }
    levels
}

/// Sets the level where `inside` holds; both axes run from 0 to 1.
fn paint(levels: &mut [f32], size: usize, level: f32, inside: impl Fn(f32, f32) -> bool) {
    let unit = 1.0 / size as f32;
    for (at, pixel) in levels.iter_mut().enumerate() {
        if inside((at % size) as f32 * unit, (at / size) as f32 * unit) {
            *pixel = level;
        }
    }
}
