//! Depthwise 3x3 convolution: each channel with nine weights of its own.

use rayon::prelude::*;

use super::matmul::transpose;
use super::parts::{images_of_part, sum_in_order};
use super::wide::wide;
use super::window::{Tap, Window};

/// Weights of a channel.
const TAPS: usize = 9;
/// Channels that are summed at a time, in registers.
const LANES: usize = 16;

const NO_TAP: Tap = Tap { place: 0, pixel: 0 };

/// `map` with `weight`, `[channels, 1, 3, 3]`, into `out`.
pub(crate) fn forward(map: &[f32], weight: &[f32], window: &Window, channels: usize, out: &mut [f32]) {
    let weight = transpose(weight, channels, TAPS);
    let image = window.pixels() * channels;
    out.par_chunks_mut(window.out[1] * channels).enumerate().for_each(|(index, out)| {
        let map = &map[index / window.out[0] * image..][..image];
        let row = index % window.out[0];
        wide(|| {
            for (column, out) in out.chunks_exact_mut(channels).enumerate() {
                let mut taps = [NO_TAP; TAPS];
                let count = window.taps(row, column, &mut taps);
                weighted_sum(out, map, &weight, &taps[..count]);
            }
        });
    });
}

/// The gradient of the map into `out`, from that of the output.
pub(crate) fn input_gradient(
    gradient: &[f32],
    weight: &[f32],
    window: &Window,
    channels: usize,
    out: &mut [f32],
) {
    let weight = transpose(weight, channels, TAPS);
    let image = window.out_pixels() * channels;
    out.par_chunks_mut(window.size[1] * channels).enumerate().for_each(|(index, out)| {
        let gradient = &gradient[index / window.size[0] * image..][..image];
        let row = index % window.size[0];
        wide(|| {
            for (column, out) in out.chunks_exact_mut(channels).enumerate() {
                let mut taps = [NO_TAP; TAPS];
                let count = window.taps_back(row, column, &mut taps);
                weighted_sum(out, gradient, &weight, &taps[..count]);
            }
        });
    });
}

/// The gradient of the weights, `[channels, 1, 3, 3]`.
pub(crate) fn weight_gradient(gradient: &[f32], map: &[f32], window: &Window, channels: usize) -> Vec<f32> {
    let images = images_of_part(window.images);
    let (image, out_image) = (window.pixels() * channels, window.out_pixels() * channels);
    let parts = gradient.par_chunks(images * out_image).zip(map.par_chunks(images * image));
    let sums = parts.map(|(gradient, map)| {
        let mut sum = vec![0.0; TAPS * channels];
        for (gradient, map) in gradient.chunks_exact(out_image).zip(map.chunks_exact(image)) {
            // First each image by itself: a sum over all pixels of a part would lose digits.
            let mut of_image = vec![0.0; TAPS * channels];
            for (row, gradient) in gradient.chunks_exact(window.out[1] * channels).enumerate() {
                wide(|| add_row(&mut of_image, gradient, map, window, row, channels));
            }
            sum.iter_mut().zip(&of_image).for_each(|(sum, value)| *sum += value);
        }
        sum
    });
    transpose(&sum_in_order(sums.collect(), TAPS * channels), TAPS, channels)
}

/// Adds what one row of the output gives to the gradient of the weights, `[9, channels]`.
#[inline(always)]
fn add_row(sum: &mut [f32], gradient: &[f32], map: &[f32], window: &Window, row: usize, channels: usize) {
    for (column, gradient) in gradient.chunks_exact(channels).enumerate() {
        let mut taps = [NO_TAP; TAPS];
        let count = window.taps(row, column, &mut taps);
        for tap in &taps[..count] {
            let sum = &mut sum[tap.place * channels..][..channels];
            let pixel = &map[tap.pixel * channels..][..channels];
            for ((sum, gradient), value) in sum.iter_mut().zip(gradient).zip(pixel) {
                *sum += gradient * value;
            }
        }
    }
}

/// The sum over taps of a pixel of `map` times its weights, for each channel.
#[inline(always)]
fn weighted_sum(out: &mut [f32], map: &[f32], weight: &[f32], taps: &[Tap]) {
    let channels = out.len();
    let whole = channels / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        let mut sum = [0.0_f32; LANES];
        for tap in taps {
            let pixel = &map[tap.pixel * channels + at..][..LANES];
            let weight = &weight[tap.place * channels + at..][..LANES];
            for lane in 0..LANES {
                sum[lane] += pixel[lane] * weight[lane];
            }
        }
        out[at..at + LANES].copy_from_slice(&sum);
    }
    for (at, out) in out.iter_mut().enumerate().skip(whole) {
        let product = |tap: &Tap| map[tap.pixel * channels + at] * weight[tap.place * channels + at];
        *out = taps.iter().map(product).sum();
    }
}
