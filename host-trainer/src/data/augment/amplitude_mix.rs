//! The amplitude spectrum of one X-ray mixed with that of another, its phase kept (Xu et al. 2021, "A Fourier-based
//! framework for domain generalization", arXiv:2105.11120). Amplitudes hold contrast and texture, which differ between
//! hospitals; phases hold where edges lie.

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use crate::data::float_image::FloatImage;

/// How amplitudes are mixed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AmplitudeMix {
    /// Part of the other amplitude, 0 to 1.
    pub weight: f64,
    /// Frequencies up to this part of the highest are mixed, along both axes, 0 to 1.
    pub band: f64,
}

impl AmplitudeMix {
    /// Mixes the amplitudes of `other`, which has the size of `plane`, into it. Levels that leave 0 to 255 are cut off.
    pub(super) fn apply(&self, plane: &mut FloatImage, other: &FloatImage) {
        let (width, height) = (plane.width, plane.height);
        let mut planner = FftPlanner::new();
        let mut own = spectrum(plane, &mut planner);
        let others = spectrum(other, &mut planner);
        for (at, (value, other)) in own.iter_mut().zip(&others).enumerate() {
            if frequency(at % width, width).max(frequency(at / width, height)) > self.band {
                continue;
            }
            let amplitude = value.norm();
            let mixed = (1.0 - self.weight) * amplitude + self.weight * other.norm();
            // An amplitude of nothing has no direction: phase 0, as `atan2(0, 0)` gives it.
            *value = if amplitude > 0.0 { *value * (mixed / amplitude) } else { Complex::new(mixed, 0.0) };
        }
        let rows = planner.plan_fft_inverse(width);
        let columns = planner.plan_fft_inverse(height);
        own.chunks_exact_mut(width).for_each(|row| rows.process(row));
        let mut turned = transposed(&own, width);
        turned.chunks_exact_mut(height).for_each(|column| columns.process(column));
        let scale = 1.0 / (width * height) as f64;
        for (level, value) in plane.levels.iter_mut().zip(transposed(&turned, height)) {
            *level = (value.re * scale).clamp(0.0, 255.0) as f32;
        }
    }
}

/// How far a bin lies from the constant part: 0 to 1, the highest frequency.
fn frequency(bin: usize, length: usize) -> f64 {
    bin.min(length - bin) as f64 / (length as f64 / 2.0)
}

/// The two-dimensional discrete Fourier transform, row by row.
fn spectrum(plane: &FloatImage, planner: &mut FftPlanner<f64>) -> Vec<Complex<f64>> {
    let mut values: Vec<Complex<f64>> =
        plane.levels.iter().map(|level| Complex::new(f64::from(*level), 0.0)).collect();
    let rows = planner.plan_fft_forward(plane.width);
    values.chunks_exact_mut(plane.width).for_each(|row| rows.process(row));
    let mut turned = transposed(&values, plane.width);
    let columns = planner.plan_fft_forward(plane.height);
    turned.chunks_exact_mut(plane.height).for_each(|column| columns.process(column));
    transposed(&turned, plane.height)
}

/// Columns as rows, of rows of this width.
fn transposed(values: &[Complex<f64>], width: usize) -> Vec<Complex<f64>> {
    (0..width).flat_map(|x| values.iter().skip(x).step_by(width).copied()).collect()
}
