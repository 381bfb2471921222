//! Pooling: the largest value of a window, or the mean of a square.

use rayon::prelude::*;

use super::wide::wide;
use super::window::{Tap, Window};

/// The largest value of each window into `out`, and its place in the window into `places`.
pub(crate) fn max(map: &[f32], window: &Window, channels: usize, out: &mut [f32], places: &mut [u8]) {
    let (image, line) = (window.pixels() * channels, window.out[1] * channels);
    out.par_chunks_mut(line).zip(places.par_chunks_mut(line)).enumerate().for_each(
        |(index, (out, places))| {
            let map = &map[index / window.out[0] * image..][..image];
            let row = index % window.out[0];
            let pixels = out.chunks_exact_mut(channels).zip(places.chunks_exact_mut(channels));
            wide(|| {
                for (column, (out, places)) in pixels.enumerate() {
                    let mut taps = [Tap { place: 0, pixel: 0 }; 9];
                    let count = window.taps(row, column, &mut taps);
                    for (order, tap) in taps[..count].iter().enumerate() {
                        let pixel = &map[tap.pixel * channels..][..channels];
                        for ((out, place), value) in out.iter_mut().zip(&mut *places).zip(pixel) {
                            // The first of equal ones, as PyTorch; not a number wins, so that it is not lost.
                            if order == 0 || *value > *out || value.is_nan() {
                                *out = *value;
                                *place = tap.place as u8;
                            }
                        }
                    }
                }
            });
        },
    );
}

/// The gradient of the map into `out`: that of each window goes to the pixel that was the largest.
pub(crate) fn max_gradient(
    gradient: &[f32],
    places: &[u8],
    window: &Window,
    channels: usize,
    out: &mut [f32],
) {
    let image = window.out_pixels() * channels;
    out.par_chunks_mut(window.size[1] * channels).enumerate().for_each(|(index, out)| {
        let at = index / window.size[0] * image;
        let (gradient, places) = (&gradient[at..][..image], &places[at..][..image]);
        let row = index % window.size[0];
        wide(|| {
            for (column, out) in out.chunks_exact_mut(channels).enumerate() {
                let mut taps = [Tap { place: 0, pixel: 0 }; 9];
                let count = window.taps_back(row, column, &mut taps);
                out.fill(0.0);
                for tap in &taps[..count] {
                    let gradient = &gradient[tap.pixel * channels..][..channels];
                    let places = &places[tap.pixel * channels..][..channels];
                    for ((out, gradient), place) in out.iter_mut().zip(gradient).zip(places) {
                        *out += if usize::from(*place) == tap.place { *gradient } else { 0.0 };
                    }
                }
            }
        });
    });
}

/// The mean of each window, all of it inside the map, into `out`.
pub(crate) fn mean(map: &[f32], window: &Window, channels: usize, out: &mut [f32]) {
    let weight = 1.0 / (window.kernel * window.kernel) as f32;
    spread(map, out, channels, [window.size, window.out], weight, |row, column, taps| {
        window.taps(row, column, taps)
    });
}

/// The gradient of the map into `out`.
pub(crate) fn mean_gradient(gradient: &[f32], window: &Window, channels: usize, out: &mut [f32]) {
    let weight = 1.0 / (window.kernel * window.kernel) as f32;
    spread(gradient, out, channels, [window.out, window.size], weight, |row, column, taps| {
        window.taps_back(row, column, taps)
    });
}

/// `weight` times the sum over the taps of each pixel of `out`.
fn spread(
    map: &[f32],
    out: &mut [f32],
    channels: usize,
    [from, to]: [[usize; 2]; 2],
    weight: f32,
    taps_of: impl Fn(usize, usize, &mut [Tap; 9]) -> usize + Sync,
) {
    let image = from[0] * from[1] * channels;
    out.par_chunks_mut(to[1] * channels).enumerate().for_each(|(index, out)| {
        let map = &map[index / to[0] * image..][..image];
        let row = index % to[0];
        wide(|| {
            for (column, out) in out.chunks_exact_mut(channels).enumerate() {
                let mut taps = [Tap { place: 0, pixel: 0 }; 9];
                let count = taps_of(row, column, &mut taps);
                out.fill(0.0);
                for tap in &taps[..count] {
                    let pixel = &map[tap.pixel * channels..][..channels];
                    out.iter_mut().zip(pixel).for_each(|(out, value)| *out += weight * value);
                }
            }
        });
    });
}
