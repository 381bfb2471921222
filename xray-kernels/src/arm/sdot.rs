//! SDOT sums four products of int8 into each of four int32. Its intrinsic is not stable, so the one instruction
//! is written as inline assembly.
//!
//! A tile is 14 (or 7, or 1) pixels by 8 output channels: 28 accumulators, two registers of weights, one of
//! four pixels.

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

use super::{pixels, store};
use crate::conv_shape::ConvShape;
use crate::layout::LANES;
use crate::span::Span;
use crate::weights::{BLOCK, PackedConv, Packing, WeightLayout};
use crate::{Kernel, PixelRun};

/// Exists only where the instruction was detected (see [`Sdot::detected`]).
#[derive(Debug)]
pub(super) struct Sdot(());

/// To be handed out after [`Sdot::detected`] said yes.
pub(super) static SDOT: Sdot = Sdot(());

impl Sdot {
    /// Whether this processor has the instruction.
    pub fn detected() -> bool {
        is_aarch64_feature_detected!("dotprod")
    }
}

impl Kernel for Sdot {
    fn name(&self) -> &'static str {
        "sdot"
    }

    fn weight_layout(&self) -> WeightLayout {
        WeightLayout { packing: Packing::Quad, signed: true }
    }

    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
        // SAFETY: `SDOT` is handed out only where the instruction was detected. `conv` checked that
        // every pixel of the run, at every tap and plane, and the slack behind it lie in `src`, that every
        // output lies in `dst`, and that weights, bias and scale cover every block.
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

/// `sum += w . a[LANE]`, four products for each of four sums.
///
/// # Safety
/// SDOT.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn sdot<const LANE: usize>(mut sum: int32x4_t, w: int8x16_t, a: int8x16_t) -> int32x4_t {
    // SAFETY: reads and writes registers only.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {w:v}.16b, {a:v}.4b[{lane}]",
            sum = inout(vreg) sum,
            w = in(vreg) w,
            a = in(vreg) a,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// Covers a run with tiles of 14, 7 and 1 pixels; a rest below 7 of a longer run is covered by a tile of 7 that
/// computes some pixels again.
///
/// # Safety
/// SDOT; every pixel of the run as [`Span`] says.
#[target_feature(enable = "neon,dotprod")]
unsafe fn run_pixels<const NEAR: bool>(span: Span<'_>, count: usize) {
    let mut at = 0;
    // SAFETY: `at + tile <= count` in every branch.
    unsafe {
        while at < count {
            let left = count - at;
            if left >= 14 {
                halves::<14, NEAR>(span, at);
                at += 14;
            } else if count >= 7 {
                at = at.min(count - 7);
                halves::<7, NEAR>(span, at);
                at += 7;
            } else {
                halves::<1, NEAR>(span, at);
                at += 1;
            }
        }
    }
}

/// All output channels of one tile, eight at a time.
///
/// # Safety
/// As [`run_pixels`]; pixels `at..at + MR` lie in the run.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn halves<const MR: usize, const NEAR: bool>(span: Span<'_>, at: usize) {
    for half in 0..span.shape.output.planes().div_ceil(2) {
        // SAFETY: eight channels that exist, in a block that exists.
        unsafe { tile::<MR, NEAR>(span, at, half) }
    }
}

/// `MR` pixels by eight output channels.
///
/// # Safety
/// As [`halves`]; `half / 2` below the number of blocks.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn tile<const MR: usize, const NEAR: bool>(span: Span<'_>, at: usize, half: usize) {
    let (planes, plane) = (span.shape.input.planes(), span.shape.input.plane());
    let step = if NEAR { LANES } else { span.step }; // a constant, so that offsets are part of the loads
    let mut acc = [[vdupq_n_s32(0); 2]; MR];
    // SAFETY: `conv` checked taps, planes and pixels against the source, blocks against the weights.
    unsafe {
        let lines = span.shape.taps.len() * planes;
        let mut weights = span.conv.weights.lines().as_ptr().add((half / 2) * lines).cast::<i8>();
        weights = weights.add((half % 2) * 2 * BLOCK);
        let first = span.src.add(at * step);
        for tap in &span.shape.taps {
            let mut from = first.add(*tap);
            for _ in 0..planes {
                let (near, far) = (vld1q_s8(weights), vld1q_s8(weights.add(BLOCK)));
                let mut r = 0;
                while r < MR {
                    let a = pixels::<NEAR>(from.add(r * step), step, MR - r);
                    acc[r] = [sdot::<0>(acc[r][0], near, a), sdot::<0>(acc[r][1], far, a)];
                    if r + 1 < MR {
                        acc[r + 1] = [sdot::<1>(acc[r + 1][0], near, a), sdot::<1>(acc[r + 1][1], far, a)];
                    }
                    if r + 2 < MR {
                        acc[r + 2] = [sdot::<2>(acc[r + 2][0], near, a), sdot::<2>(acc[r + 2][1], far, a)];
                    }
                    if r + 3 < MR {
                        acc[r + 3] = [sdot::<3>(acc[r + 3][0], near, a), sdot::<3>(acc[r + 3][1], far, a)];
                    }
                    r += 4;
                }
                weights = weights.add(4 * BLOCK);
                from = from.add(plane);
            }
        }
        // With constant indices, so that the accumulators never need an address: with one they would be written
        // to memory in every turn of the loop.
        macro_rules! finish {
            ($($r:literal)*) => {
                $(if $r < MR {
                    store(span, acc[$r % MR][0], half / 2, (half % 2) * 2, at + $r);
                    store(span, acc[$r % MR][1], half / 2, (half % 2) * 2 + 1, at + $r);
                })*
            };
        }
        finish!(0 1 2 3 4 5 6 7 8 9 10 11 12 13);
    }
}
