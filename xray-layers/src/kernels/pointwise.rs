//! 1x1 convolution with stride 1: a matrix product of pixels by channels, in place.

use rayon::prelude::*;

use super::matmul::{Matrix, Output, multiply, transpose};
use super::parts::{pixels_of_part, sum_in_order};

/// Bytes of input and gradient that are worked on at a time, so that they stay in a core's cache for both products.
const BLOCK_BYTES: usize = 256 << 10;
/// Fewest pixels of a block: each adds to all gradients of weights.
const FEWEST: usize = 256;

/// Channels before and after.
#[derive(Clone, Copy)]
pub(crate) struct Channels {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

/// `map`, `[pixels, inputs]`, times `weight`, `[outputs, inputs]`, into `out`, `[pixels, outputs]`.
pub(crate) fn forward(map: &[f32], weight: &[f32], channels: Channels, out: &mut [f32]) {
    let Channels { inputs, outputs } = channels;
    let weight = transpose(weight, outputs, inputs);
    let part = pixels_of_part(map.len() / inputs);
    let parts = out.par_chunks_mut(part * outputs).zip(map.par_chunks(part * inputs));
    parts.for_each(|(out, map)| {
        let map = Matrix::new(map, map.len() / inputs, inputs);
        multiply(out, map, Matrix::new(&weight, inputs, outputs), Output::Replace);
    });
}

/// The gradient of the map, `[pixels, inputs]`, into `out`, from that of the output, `[pixels, outputs]`.
pub(crate) fn input_gradient(gradient: &[f32], weight: &[f32], channels: Channels, out: &mut [f32]) {
    let Channels { inputs, outputs } = channels;
    let part = pixels_of_part(gradient.len() / outputs);
    let parts = out.par_chunks_mut(part * inputs).zip(gradient.par_chunks(part * outputs));
    parts.for_each(|(out, gradient)| {
        let gradient = Matrix::new(gradient, gradient.len() / outputs, outputs);
        multiply(out, gradient, Matrix::new(weight, outputs, inputs), Output::Replace);
    });
}

/// The gradient of the weights, `[outputs, inputs]`.
pub(crate) fn weight_gradient(gradient: &[f32], map: &[f32], channels: Channels) -> Vec<f32> {
    let Channels { inputs, outputs } = channels;
    let part = pixels_of_part(map.len() / inputs);
    let parts = gradient.par_chunks(part * outputs).zip(map.par_chunks(part * inputs));
    let sums = parts.map(|(gradient, map)| {
        let mut sum = vec![0.0; outputs * inputs];
        add_products(&mut sum, gradient, map, channels);
        sum
    });
    sum_in_order(sums.collect(), outputs * inputs)
}

/// Both gradients: each block of the output's gradient is read from memory once.
pub(crate) fn gradients(
    gradient: &[f32],
    map: &[f32],
    weight: &[f32],
    channels: Channels,
    out: &mut [f32],
) -> Vec<f32> {
    let Channels { inputs, outputs } = channels;
    let block = block_pixels(channels);
    let part = pixels_of_part(map.len() / inputs);
    let weight = Matrix::new(weight, outputs, inputs);
    let parts = out.par_chunks_mut(part * inputs).zip(gradient.par_chunks(part * outputs));
    let sums = parts.zip(map.par_chunks(part * inputs)).map(|((out, gradient), map)| {
        let mut sum = vec![0.0; outputs * inputs];
        let blocks = out.chunks_mut(block * inputs).zip(gradient.chunks(block * outputs));
        for ((out, gradient), map) in blocks.zip(map.chunks(block * inputs)) {
            let rows = gradient.len() / outputs;
            let gradient = Matrix::new(gradient, rows, outputs);
            multiply(out, gradient, weight, Output::Replace);
            multiply(&mut sum, gradient.transposed(), Matrix::new(map, rows, inputs), Output::Add);
        }
        sum
    });
    sum_in_order(sums.collect(), outputs * inputs)
}

/// Adds the gradient of the weights that some pixels give.
fn add_products(sum: &mut [f32], gradient: &[f32], map: &[f32], channels: Channels) {
    let Channels { inputs, outputs } = channels;
    let block = block_pixels(channels);
    for (gradient, map) in gradient.chunks(block * outputs).zip(map.chunks(block * inputs)) {
        let gradient = Matrix::new(gradient, gradient.len() / outputs, outputs);
        let map = Matrix::new(map, map.len() / inputs, inputs);
        multiply(sum, gradient.transposed(), map, Output::Add);
    }
}

fn block_pixels(channels: Channels) -> usize {
    let bytes = (channels.inputs + channels.outputs) * size_of::<f32>();
    (BLOCK_BYTES / bytes).max(FEWEST)
}
