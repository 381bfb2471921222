//! AVX-512 VNNI: `vpdpbusd` sums four products of uint8 by int8 into each of sixteen int32.
//!
//! A tile is up to 14 pixels by 32 output channels: 28 accumulators, two registers of weights, one broadcast
//! pixel, so that the inner loop loads 16 values for 28 multiplications.

use std::arch::x86_64::*;

use super::vnni_planes;
use crate::conv_shape::ConvShape;
use crate::depthwise::Depthwise;
use crate::layout::LANES;
use crate::pointwise::{Add, Affine, Plane};
use crate::span::Span;
use crate::weights::{BLOCK, PackedConv, Packing, WeightLayout};
use crate::{Kernel, PixelRun};

/// Exists only where the instructions were detected (see [`Vnni::detected`]).
#[derive(Debug)]
pub(super) struct Vnni(());

/// To be handed out after [`Vnni::detected`] said yes.
pub(super) static VNNI: Vnni = Vnni(());

impl Vnni {
    /// Whether this processor has the instructions.
    pub fn detected() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
    }
}

impl Kernel for Vnni {
    fn name(&self) -> &'static str {
        "avx512-vnni"
    }

    fn weight_layout(&self) -> WeightLayout {
        WeightLayout { packing: Packing::Quad, signed: false }
    }

    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
        // SAFETY: `VNNI` is handed out only where the features were detected. `conv` checked that
        // every pixel of the run, at every tap and plane, lies in `src`, that every output lies in `dst`,
        // and that weights, bias and scale cover every block.
        unsafe {
            let span = Span::new(conv, shape, src, dst, run);
            match shape.stride_x {
                1 => run_pixels::<4>(span, run.pixels),
                2 => run_pixels::<8>(span, run.pixels),
                _ => run_each(span, run.pixels),
            }
        }
    }

    plane_operators!(vnni_planes);
}

/// Covers a run with tiles of 14, 7 and 1 pixels; a rest below 7 of a longer run is covered by a tile of 7 that
/// computes some pixels again.
///
/// # Safety
/// AVX-512 VNNI; every pixel of the run readable and writable as described in [`Span`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn run_pixels<const STEP: usize>(span: Span<'_>, pixels: usize) {
    let mut at = 0;
    // SAFETY: `at + tile <= pixels` in every branch.
    unsafe {
        while at < pixels {
            let left = pixels - at;
            if left >= 14 {
                blocks::<14, 2, STEP>(span, at);
                at += 14;
            } else if left >= 7 || pixels >= 7 {
                at = at.min(pixels - 7);
                blocks::<7, 4, STEP>(span, at);
                at += 7;
            } else {
                blocks::<1, 4, STEP>(span, at);
                at += 1;
            }
        }
    }
}

/// A run with an unusual stride, pixel by pixel.
///
/// # Safety
/// As [`run_pixels`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn run_each(span: Span<'_>, pixels: usize) {
    for at in 0..pixels {
        // SAFETY: `at < pixels`; the source is moved so that the tile of one pixel finds it at index 0.
        unsafe {
            blocks::<1, 4, 4>(span.advance(at), 0);
        }
    }
}

/// All output channels of one tile, `NR` blocks at a time.
///
/// # Safety
/// As [`run_pixels`]; pixels `at..at + MR` lie in the run.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn blocks<const MR: usize, const NR: usize, const STEP: usize>(span: Span<'_>, at: usize) {
    let count = span.conv.bias.len() / BLOCK;
    let mut block = 0;
    // SAFETY: blocks stay below `count`.
    unsafe {
        while block + NR <= count {
            tile::<MR, NR, STEP>(span, at, block);
            block += NR;
        }
        if NR > 2 && block + 2 <= count {
            tile::<MR, 2, STEP>(span, at, block);
            block += 2;
        }
        if block < count {
            tile::<MR, 1, STEP>(span, at, block);
        }
    }
}

/// `MR` pixels by `NR` blocks of 16 output channels.
///
/// # Safety
/// As [`blocks`]; `block + NR` is at most the number of blocks.
#[allow(clippy::needless_range_loop)] // indices, so that accumulators stay in registers
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn tile<const MR: usize, const NR: usize, const STEP: usize>(span: Span<'_>, at: usize, block: usize) {
    let (planes, plane) = (span.shape.input.planes(), span.shape.input.plane());
    let lines = span.shape.taps.len() * planes;
    let mut acc = [[_mm512_setzero_si512(); MR]; NR];
    // SAFETY: `conv` checked taps, planes and pixels against the source, blocks against the weights.
    unsafe {
        let mut weights = span.conv.weights.lines().as_ptr().add(block * lines);
        let first = span.src.add(at * STEP);
        let mut lines_left = lines;
        let mut taps = span.shape.taps.iter();
        let (mut pixels, mut planes_left) = (first, 0);
        // One loop for taps and planes: a net's stem has a single plane and many taps.
        while lines_left > 0 {
            if planes_left == 0 {
                pixels = first.add(taps.next().copied().unwrap_or(0));
                planes_left = planes;
            }
            let mut w = [_mm512_setzero_si512(); NR];
            for (n, w) in w.iter_mut().enumerate() {
                *w = _mm512_load_si512(weights.add(n * lines).cast());
            }
            for r in 0..MR {
                let four = _mm512_set1_epi32(pixels.add(r * STEP).cast::<i32>().read_unaligned());
                for n in 0..NR {
                    acc[n][r] = _mm512_dpbusd_epi32(acc[n][r], four, w[n]);
                }
            }
            weights = weights.add(1);
            pixels = pixels.add(plane);
            planes_left -= 1;
            lines_left -= 1;
        }
        // By value and with constant indices, so that the accumulators never need an address: with one they
        // would live in memory during the loop.
        store(span, acc[0], block, at);
        if NR > 1 {
            store(span, acc[1 % NR], block + 1, at);
        }
        if NR > 2 {
            store(span, acc[2 % NR], block + 2, at);
            store(span, acc[3 % NR], block + 3, at);
        }
    }
}

/// Requantises one block of a tile and writes it to its four planes.
///
/// # Safety
/// As [`tile`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn store<const MR: usize>(span: Span<'_>, sums: [__m512i; MR], block: usize, at: usize) {
    let output = span.conv.output;
    // SAFETY: bias and scale cover whole blocks; outputs of the run lie in the target, plane by plane.
    unsafe {
        let bias = _mm512_loadu_si512(span.conv.bias.as_ptr().add(block * BLOCK).cast());
        let scale = _mm512_loadu_ps(span.conv.scale.as_ptr().add(block * BLOCK));
        let (lo, hi) = (_mm512_set1_ps(output.lo), _mm512_set1_ps(output.hi));
        let zero = _mm512_set1_epi32(i32::from(output.zero));
        let mut bytes = [_mm_setzero_si128(); MR];
        for (sum, b) in sums.iter().zip(&mut bytes) {
            let value = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(*sum, bias)), scale);
            let value = _mm512_min_ps(_mm512_max_ps(value, lo), hi);
            *b = _mm512_cvtepi32_epi8(_mm512_add_epi32(_mm512_cvtps_epi32(value), zero));
        }
        let planes = LANES.min(span.shape.output.planes() - block * LANES);
        let plane = span.shape.output.plane();
        let base = span.dst.add(block * LANES * plane + at * LANES);
        let mut r = 0;
        while r + 4 <= MR {
            let (a, b) =
                (_mm_unpacklo_epi32(bytes[r], bytes[r + 1]), _mm_unpacklo_epi32(bytes[r + 2], bytes[r + 3]));
            let (c, d) =
                (_mm_unpackhi_epi32(bytes[r], bytes[r + 1]), _mm_unpackhi_epi32(bytes[r + 2], bytes[r + 3]));
            let four = [
                _mm_unpacklo_epi64(a, b),
                _mm_unpackhi_epi64(a, b),
                _mm_unpacklo_epi64(c, d),
                _mm_unpackhi_epi64(c, d),
            ];
            for (p, words) in four.iter().enumerate().take(planes) {
                _mm_storeu_si128(base.add(p * plane + r * LANES).cast(), *words);
            }
            r += 4;
        }
        while r < MR {
            let mut words = [0i32; 4];
            _mm_storeu_si128(words.as_mut_ptr().cast(), bytes[r]);
            for (p, word) in words.iter().enumerate().take(planes) {
                base.add(p * plane + r * LANES).cast::<i32>().write_unaligned(*word);
            }
            r += 1;
        }
    }
}
