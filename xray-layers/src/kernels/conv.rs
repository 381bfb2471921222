//! Dense convolution of any kernel: the pixels of each window are gathered into a row of a matrix, block by block.

use rayon::prelude::*;

use super::matmul::{Matrix, Output, multiply};
use super::parts::{images_of_part, sum_in_order};
use super::pointwise::Channels;
use super::window::Window;

/// Bytes of the gathered matrix at a time, so that it stays in a core's cache.
const BLOCK_BYTES: usize = 256 << 10;

/// `map` with `weight`, `[outputs, inputs, kernel, kernel]`, into `out`.
pub(crate) fn forward(map: &[f32], weight: &[f32], window: &Window, channels: Channels, out: &mut [f32]) {
    let weight = by_place(weight, window.kernel, channels);
    convolve(map, &weight, window, channels, out);
}

/// As [`forward`], with the weights as a matrix of window pixels and inputs by outputs.
fn convolve(map: &[f32], weight: &[f32], window: &Window, channels: Channels, out: &mut [f32]) {
    let Channels { inputs, outputs } = channels;
    let width = window.kernel * window.kernel * inputs;
    let (image, block) = (window.pixels() * inputs, block_pixels(width));
    out.par_chunks_mut(window.out_pixels() * outputs).zip(map.par_chunks(image)).for_each(|(out, map)| {
        let mut gathered = vec![0.0; block * width];
        for (index, out) in out.chunks_mut(block * outputs).enumerate() {
            let count = out.len() / outputs;
            let gathered = &mut gathered[..count * width];
            gather(gathered, map, window, inputs, index * block);
            multiply(
                out,
                Matrix::new(gathered, count, width),
                Matrix::new(weight, width, outputs),
                Output::Replace,
            );
        }
    });
}

/// The gradient of the map into `out`, from that of the output.
pub(crate) fn input_gradient(
    gradient: &[f32],
    weight: &[f32],
    window: &Window,
    channels: Channels,
    out: &mut [f32],
) {
    let last = window.kernel - 1;
    if window.stride == 1 && window.before.iter().all(|before| *before <= last) {
        // A convolution of the gradient with the kernel turned about its middle.
        let weight = turned(weight, window.kernel, channels);
        let channels = Channels { inputs: channels.outputs, outputs: channels.inputs };
        let back = Window {
            size: window.out,
            out: window.size,
            before: window.before.map(|before| last - before),
            ..*window
        };
        return convolve(gradient, &weight, &back, channels, out);
    }
    let Channels { inputs, outputs } = channels;
    let weight = by_output(weight, window.kernel, channels);
    let width = window.kernel * window.kernel * inputs;
    let block = block_pixels(width);
    let images = out.par_chunks_mut(window.pixels() * inputs);
    images.zip(gradient.par_chunks(window.out_pixels() * outputs)).for_each(|(out, gradient)| {
        out.fill(0.0);
        let mut rows = vec![0.0; block * width];
        for (index, gradient) in gradient.chunks(block * outputs).enumerate() {
            let count = gradient.len() / outputs;
            let rows = &mut rows[..count * width];
            let gradient = Matrix::new(gradient, count, outputs);
            multiply(rows, gradient, Matrix::new(&weight, outputs, width), Output::Replace);
            scatter(out, rows, window, inputs, index * block);
        }
    });
}

/// The gradient of the weights, `[outputs, inputs, kernel, kernel]`.
pub(crate) fn weight_gradient(
    gradient: &[f32],
    map: &[f32],
    window: &Window,
    channels: Channels,
) -> Vec<f32> {
    let Channels { inputs, outputs } = channels;
    let width = window.kernel * window.kernel * inputs;
    let (block, images) = (block_pixels(width), images_of_part(window.images));
    let (image, out_image) = (window.pixels() * inputs, window.out_pixels() * outputs);
    let parts = gradient.par_chunks(images * out_image).zip(map.par_chunks(images * image));
    let sums = parts.map(|(gradient, map)| {
        let mut sum = vec![0.0; outputs * width];
        let mut gathered = vec![0.0; block * width];
        for (gradient, map) in gradient.chunks_exact(out_image).zip(map.chunks_exact(image)) {
            for (index, gradient) in gradient.chunks(block * outputs).enumerate() {
                let count = gradient.len() / outputs;
                let gathered = &mut gathered[..count * width];
                gather(gathered, map, window, inputs, index * block);
                let gradient = Matrix::new(gradient, count, outputs).transposed();
                multiply(&mut sum, gradient, Matrix::new(gathered, count, width), Output::Add);
            }
        }
        sum
    });
    let sum = sum_in_order(sums.collect(), outputs * width);
    // From places before inputs to inputs before places.
    let places = window.kernel * window.kernel;
    let mut out = vec![0.0; sum.len()];
    for (out, sum) in out.chunks_exact_mut(width).zip(sum.chunks_exact(width)) {
        exchange(out, sum, places, inputs);
    }
    out
}

fn block_pixels(width: usize) -> usize {
    (BLOCK_BYTES / size_of::<f32>() / width).max(32)
}

/// Fills a row of `gathered` for each window from pixel `first` of the map after: its pixels in order, zeros outside.
fn gather(gathered: &mut [f32], map: &[f32], window: &Window, inputs: usize, first: usize) {
    let line = window.kernel * inputs;
    for (index, row) in gathered.chunks_exact_mut(line * window.kernel).enumerate() {
        let pixel = first + index;
        let (rows, top) = window.rows(pixel / window.out[1]);
        let (columns, left) = window.columns(pixel % window.out[1]);
        let (start, end) = (columns.start * inputs, columns.end * inputs);
        for (r, row) in row.chunks_exact_mut(line).enumerate() {
            if !rows.contains(&r) {
                row.fill(0.0);
                continue;
            }
            let from = ((top + r - rows.start) * window.size[1] + left) * inputs;
            row[..start].fill(0.0);
            row[start..end].copy_from_slice(&map[from..][..end - start]);
            row[end..].fill(0.0);
        }
    }
}

/// Adds the rows that [`gather`] would fill to the pixels that it would take them from.
fn scatter(map: &mut [f32], rows: &[f32], window: &Window, inputs: usize, first: usize) {
    let line = window.kernel * inputs;
    for (index, row) in rows.chunks_exact(line * window.kernel).enumerate() {
        let pixel = first + index;
        let (rows, top) = window.rows(pixel / window.out[1]);
        let (columns, left) = window.columns(pixel % window.out[1]);
        let (start, end) = (columns.start * inputs, columns.end * inputs);
        for (r, row) in row.chunks_exact(line).enumerate().filter(|(r, _)| rows.contains(r)) {
            let to = ((top + r - rows.start) * window.size[1] + left) * inputs;
            let map = &mut map[to..][..end - start];
            map.iter_mut().zip(&row[start..end]).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// `[a, b]` into `[b, a]`.
fn exchange(out: &mut [f32], values: &[f32], a: usize, b: usize) {
    for (i, values) in values.chunks_exact(b).enumerate() {
        values.iter().enumerate().for_each(|(j, value)| out[j * a + i] = *value);
    }
}

/// Weights as `[places, inputs, outputs]`.
fn by_place(weight: &[f32], kernel: usize, channels: Channels) -> Vec<f32> {
    let places = kernel * kernel;
    reorder(weight, places, channels, |output, input, place| {
        (place * channels.inputs + input) * channels.outputs + output
    })
}

/// Weights as `[outputs, places, inputs]`.
fn by_output(weight: &[f32], kernel: usize, channels: Channels) -> Vec<f32> {
    let places = kernel * kernel;
    reorder(weight, places, channels, |output, input, place| {
        (output * places + place) * channels.inputs + input
    })
}

/// Weights as `[places, outputs, inputs]`, the last place first.
fn turned(weight: &[f32], kernel: usize, channels: Channels) -> Vec<f32> {
    let places = kernel * kernel;
    reorder(weight, places, channels, |output, input, place| {
        ((places - 1 - place) * channels.outputs + output) * channels.inputs + input
    })
}

/// Weights from `[outputs, inputs, places]` to where `to` says.
fn reorder(
    weight: &[f32],
    places: usize,
    channels: Channels,
    to: impl Fn(usize, usize, usize) -> usize,
) -> Vec<f32> {
    let mut out = vec![0.0; weight.len()];
    for (row, values) in weight.chunks_exact(places).enumerate() {
        let (output, input) = (row / channels.inputs, row % channels.inputs);
        values.iter().enumerate().for_each(|(place, value)| out[to(output, input, place)] = *value);
    }
    out
}
