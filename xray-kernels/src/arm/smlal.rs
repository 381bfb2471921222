//! SMULL and SMLAL multiply int8 into int16, SADALP sums pairs into int32. Two products of -128 * 127 fit 16 bits,
//! which is why weights stop at -127. A tile is 4 pixels by 16 output channels.

use std::arch::aarch64::*;

use super::{pixels, store};
use crate::conv_shape::ConvShape;
use crate::layout::LANES;
use crate::span::Span;
use crate::weights::{BLOCK, PackedConv, Packing, WeightLayout};
use crate::{Kernel, PixelRun};

/// For every aarch64 processor.
#[derive(Debug)]
pub(super) struct Smlal;

impl Kernel for Smlal {
    fn name(&self) -> &'static str {
        "smlal"
    }

    fn weight_layout(&self) -> WeightLayout {
        WeightLayout { packing: Packing::Pair, signed: true }
    }

    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
        // SAFETY: every aarch64 has these instructions. `conv` checked that every pixel of the run, at
        // every tap and plane, and the slack behind it lie in `src`, that every output lies in `dst`, and that
        // weights, bias and scale cover every block.
        unsafe {
            let span = Span::new(conv, shape, src, dst, run);
            if shape.stride_x == 1 {
                run_pixels::<true>(span, run.pixels);
            } else {
                run_pixels::<false>(span, run.pixels);
            }
        }
    }
}

/// Covers a run with tiles of 4, 2 and 1 pixels.
///
/// # Safety
/// Every pixel of the run as [`Span`] says.
unsafe fn run_pixels<const NEAR: bool>(span: Span<'_>, count: usize) {
    let mut at = 0;
    // SAFETY: `at + tile <= count` and `block` below the number of blocks.
    unsafe {
        while at < count {
            let left = count - at;
            for block in 0..span.conv.bias.len() / BLOCK {
                match left {
                    4.. => tile::<4, NEAR>(span, at, block),
                    2.. => tile::<2, NEAR>(span, at, block),
                    _ => tile::<1, NEAR>(span, at, block),
                }
            }
            at += if left >= 4 { 4 } else { left.min(2) };
        }
    }
}

/// Four products for each of 16 outputs, of the pixel whose pairs of channels are `two` and `other`.
#[inline(always)]
fn multiply(mut sum: [int32x4_t; 4], w: [int8x16_t; 4], two: int8x16_t, other: int8x16_t) -> [int32x4_t; 4] {
    // SAFETY: arithmetic on registers; NEON is part of every aarch64.
    unsafe {
        for half in 0..2 {
            let (a, b) = (w[half], w[2 + half]);
            let low =
                vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(two)), vget_low_s8(b), vget_low_s8(other));
            let high = vmlal_high_s8(vmull_high_s8(a, two), b, other);
            sum[half * 2] = vpadalq_s16(sum[half * 2], low);
            sum[half * 2 + 1] = vpadalq_s16(sum[half * 2 + 1], high);
        }
    }
    sum
}

/// `MR` pixels by 16 output channels.
///
/// # Safety
/// As [`run_pixels`]; pixels `at..at + MR` lie in the run, `block` below the number of blocks.
#[inline(always)]
unsafe fn tile<const MR: usize, const NEAR: bool>(span: Span<'_>, at: usize, block: usize) {
    let (planes, plane) = (span.shape.input.planes(), span.shape.input.plane());
    let step = if NEAR { LANES } else { span.step }; // a constant, so that offsets are part of the loads
    // SAFETY: `conv` checked taps, planes and pixels against the source, blocks against the weights.
    unsafe {
        let mut acc = [[vdupq_n_s32(0); 4]; MR];
        let lines = span.shape.taps.len() * planes;
        let mut weights = span.conv.weights.lines().as_ptr().add(block * lines).cast::<i8>();
        let first = span.src.add(at * step);
        for tap in &span.shape.taps {
            let mut from = first.add(*tap);
            for _ in 0..planes {
                let w = [
                    vld1q_s8(weights),
                    vld1q_s8(weights.add(BLOCK)),
                    vld1q_s8(weights.add(2 * BLOCK)),
                    vld1q_s8(weights.add(3 * BLOCK)),
                ];
                let a = vreinterpretq_s16_s8(pixels::<NEAR>(from, step, MR));
                macro_rules! pixel {
                    ($r:literal, $two:literal, $other:literal) => {
                        if $r < MR {
                            let two = vreinterpretq_s8_s16(vdupq_laneq_s16::<$two>(a));
                            let other = vreinterpretq_s8_s16(vdupq_laneq_s16::<$other>(a));
                            acc[$r % MR] = multiply(acc[$r % MR], w, two, other);
                        }
                    };
                }
                pixel!(0, 0, 1);
                pixel!(1, 2, 3);
                pixel!(2, 4, 5);
                pixel!(3, 6, 7);
                weights = weights.add(4 * BLOCK);
                from = from.add(plane);
            }
        }
        // With constant indices, so that the accumulators never need an address: with one they would be written
        // to memory in every turn of the loop.
        macro_rules! finish {
            ($($r:literal)*) => {
                $(if $r < MR {
                    store(span, acc[$r % MR][0], block, 0, at + $r);
                    store(span, acc[$r % MR][1], block, 1, at + $r);
                    store(span, acc[$r % MR][2], block, 2, at + $r);
                    store(span, acc[$r % MR][3], block, 3, at + $r);
                })*
            };
        }
        finish!(0 1 2 3);
    }
}
