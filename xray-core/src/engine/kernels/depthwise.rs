//! Depthwise convolution: every channel has its own three by three (or other) kernel.

use super::layout::LANES;
use super::pack::{ConvShape, Output};

/// One depthwise convolution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Depthwise {
    /// Layouts, taps and strides; input and output have as many channels.
    pub shape: ConvShape,
    /// `[plane][tap / 4][lane][tap % 4]`, missing taps 0: four taps are one operand of a dot product.
    pub weights: Vec<[i8; 16]>,
    /// Per channel, padded to whole planes; holds the input's zero point.
    pub bias: Vec<i32>,
    /// Input scale times weight scale over output scale, padded to whole planes.
    pub scale: Vec<f32>,
    /// Rounding and clamping.
    pub output: Output,
}

/// Pixels by channels that are computed together.
const GROUP: usize = 32;

impl Depthwise {
    /// Packs `[channel][tap]` weights.
    pub fn new(
        shape: ConvShape,
        weights: &[i8],
        bias: &[i32],
        scale: &[f32],
        input_zero: u8,
        output: Output,
    ) -> Depthwise {
        let (planes, taps) = (shape.input.planes(), shape.taps.len());
        let quads = taps.div_ceil(4);
        let mut packed = vec![[0i8; 16]; planes * quads];
        let mut sums = vec![0; planes * LANES];
        let mut scales = vec![0.0; planes * LANES];
        for c in 0..shape.input.channels {
            sums[c] = bias[c];
            scales[c] = scale[c];
            for tap in 0..taps {
                let w = weights[c * taps + tap];
                packed[(c / LANES) * quads + tap / 4][(c % LANES) * 4 + tap % 4] = w;
                sums[c] -= i32::from(input_zero) * i32::from(w);
            }
        }
        Depthwise { shape, weights: packed, bias: sums, scale: scales, output }
    }
}

/// Runs over the whole picture.
#[inline(always)]
pub(crate) fn run(job: &Depthwise, src: &[u8], dst: &mut [u8]) {
    let shape = &job.shape;
    let (input, output, quads) = (&shape.input, &shape.output, shape.taps.len().div_ceil(4));
    for p in 0..output.planes() {
        let weights = &job.weights[p * quads..(p + 1) * quads];
        let bias = &job.bias[p * LANES..(p + 1) * LANES];
        let scale = &job.scale[p * LANES..(p + 1) * LANES];
        for y in 0..output.height {
            let from = p * input.plane() + shape.source_row(y);
            let at = p * output.plane() + output.row_start(y);
            let result = &mut dst[at..at + output.width * LANES];
            for (i, out) in result.chunks_mut(GROUP).enumerate() {
                let start = from + i * GROUP * shape.stride_x;
                let mut sums = [0i32; GROUP];
                for (i, s) in sums.iter_mut().enumerate() {
                    *s = bias[i % LANES];
                }
                for (t, tap) in shape.taps.iter().enumerate() {
                    let at = start + tap;
                    let quad = &weights[t / 4];
                    let w = [0, 1, 2, 3].map(|lane| i16::from(quad[lane * 4 + t % 4]));
                    if shape.stride_x == 1 && at + GROUP <= src.len() {
                        accumulate(&mut sums, &src[at..at + GROUP], w);
                    } else {
                        let mut near = [0u8; GROUP];
                        let pixels = out.len() / LANES;
                        for (x, pixel) in near.chunks_exact_mut(LANES).enumerate().take(pixels) {
                            let at = at + x * shape.stride_x * LANES;
                            pixel.copy_from_slice(&src[at..at + LANES]);
                        }
                        accumulate(&mut sums, &near, w);
                    }
                }
                let mut bytes = [0u8; GROUP];
                for (i, (b, s)) in bytes.iter_mut().zip(&sums).enumerate() {
                    *b = job.output.quantise(*s as f32 * scale[i % LANES]);
                }
                out.copy_from_slice(&bytes[..out.len()]);
            }
        }
    }
}

#[inline(always)]
fn accumulate(sums: &mut [i32; GROUP], a: &[u8], w: [i16; LANES]) {
    for (i, (s, a)) in sums.iter_mut().zip(a).enumerate() {
        *s += i32::from(i16::from(*a) * w[i % LANES]);
    }
}
