//! The specification: plain loops that every other kernel must equal bit for bit.

use super::conv_shape::ConvShape;
use super::layout::LANES;
use super::weights::{BLOCK, PackedConv, Packing, WeightLayout};
use super::{Kernel, PixelRun};

/// Portable kernel without any instruction set of its own.
#[derive(Debug)]
pub(crate) struct Scalar;

impl Kernel for Scalar {
    fn name(&self) -> &'static str {
        "scalar"
    }

    fn weight_layout(&self) -> WeightLayout {
        WeightLayout { packing: Packing::Quad, signed: false }
    }

    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
        let (planes, step) = (shape.input.planes(), shape.stride_x * LANES);
        let lines = shape.taps.len() * planes;
        for (block, weights) in conv.weights.lines().chunks_exact(lines).enumerate() {
            let first = block * BLOCK;
            let count = BLOCK.min(shape.output.planes() * LANES - first);
            for pixel in 0..run.pixels {
                let mut sums = [0i32; BLOCK];
                sums.copy_from_slice(&conv.bias[first..first + BLOCK]);
                for (tap, lines) in shape.taps.iter().zip(weights.chunks_exact(planes)) {
                    let mut at = run.src + tap + pixel * step;
                    for line in lines {
                        let four = &src[at..at + LANES];
                        for (sum, w) in sums.iter_mut().zip(line.0.chunks_exact(LANES)) {
                            for (a, w) in four.iter().zip(w) {
                                *sum += i32::from(*a) * i32::from(*w);
                            }
                        }
                        at += shape.input.plane();
                    }
                }
                for (lane, sum) in sums.iter().enumerate().take(count) {
                    let channel = first + lane;
                    let value = *sum as f32 * conv.scale[channel];
                    let at = (channel / LANES) * shape.output.plane() + channel % LANES;
                    dst[run.dst + at + pixel * LANES] = conv.output.quantise(value);
                }
            }
        }
    }
}
