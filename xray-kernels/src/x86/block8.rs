//! Convolution in registers of 256 bits: what AVX2 and AVX-VNNI share.
//!
//! A tile is some pixels by eight output channels; weights are stored as [`Block8`]s.

use std::arch::x86_64::*;

use crate::PixelRun;
use crate::block8::{Block8, OUTPUTS};
use crate::conv_shape::ConvShape;
use crate::layout::LANES;
use crate::span::Span;
use crate::weights::PackedConv;

/// How an instruction set multiplies.
pub(super) trait Multiply {
    /// Pixels of its widest tile, a multiple of 7 as are the widths of feature maps in the nets.
    const WIDEST: usize;

    /// Sums of `MR` pixels, `step` bytes apart from `src`, for the outputs of `block`.
    ///
    /// # Safety
    /// The instruction set was detected. At every source of `block` each of the pixels is readable.
    unsafe fn sums<const MR: usize>(block: &Block8, src: *const u8, step: usize) -> [__m256i; MR];
}

/// Pixels whose inputs stay in the cache while all output channels are computed.
const STRETCH: usize = 56;

/// Computes one run.
///
/// # Safety
/// AVX2 and what `M` needs. Ranges were checked by `conv`: every pixel of the run, at every tap and plane,
/// lies in `src`, every output in `dst`; weights, bias and scale cover every output.
#[inline(always)]
pub(super) unsafe fn conv_run<M: Multiply>(
    conv: &PackedConv,
    shape: &ConvShape,
    src: &[u8],
    dst: &mut [u8],
    run: PixelRun,
) {
    // SAFETY: the run starts inside both; stretches and tiles end at its end.
    unsafe {
        let (whole, mut at) = (Span::new(conv, shape, src, dst, run), 0);
        while at < run.pixels {
            let span = whole.advance(at);
            // No stretch below a tile at the end.
            let left = run.pixels - at;
            let pixels = if left < STRETCH + M::WIDEST { left } else { STRETCH };
            match shape.stride_x {
                1 => stretch::<M, LANES>(span, pixels),
                2 => stretch::<M, { 2 * LANES }>(span, pixels),
                _ => stretch::<M, 0>(span, pixels),
            }
            at += pixels;
        }
    }
}

/// Covers `pixels` with tiles; a rest that is shorter than a tile is covered by one that computes some pixels again.
/// `STEP` is the distance of pixels in bytes, 0 if it is not known beforehand.
///
/// # Safety
/// As [`conv_run`].
#[inline(always)]
unsafe fn stretch<M: Multiply, const STEP: usize>(span: Span<'_>, pixels: usize) {
    for (index, block) in span.conv.weights.blocks8().iter().enumerate() {
        let mut at = 0;
        // SAFETY: `at + tile <= pixels` in every branch; `index` is below the number of blocks.
        unsafe {
            while at < pixels {
                let left = pixels - at;
                if M::WIDEST == 14 && left >= 14 {
                    tile::<M, 14, STEP>(span, block, index, at);
                    at += 14;
                } else if pixels >= 7 {
                    at = at.min(pixels - 7);
                    tile::<M, 7, STEP>(span, block, index, at);
                    at += 7;
                } else {
                    tile::<M, 1, STEP>(span, block, index, at);
                    at += 1;
                }
            }
        }
    }
}

/// `MR` pixels of one block.
///
/// # Safety
/// As [`stretch`]; pixels `at..at + MR` lie in the run.
#[inline(always)]
unsafe fn tile<M: Multiply, const MR: usize, const STEP: usize>(
    span: Span<'_>,
    block: &Block8,
    index: usize,
    at: usize,
) {
    let step = if STEP > 0 { STEP } else { span.step };
    // SAFETY: the caller's promise.
    unsafe {
        let sums = M::sums::<MR>(block, span.src.add(at * step), step);
        let plane = span.shape.output.plane();
        let to = span.dst.add(index * 2 * plane + at * LANES);
        let both = index * 2 + 1 < span.shape.output.planes();
        let steps = steps(span.conv, index, sums);
        if MR == 1 {
            let bytes = narrow([steps[0]; 4]);
            to.cast::<i32>().write_unaligned(_mm256_extract_epi32::<0>(bytes));
            if both {
                to.add(plane).cast::<i32>().write_unaligned(_mm256_extract_epi32::<4>(bytes));
            }
            return;
        }
        // Four pixels at a time; of 7, the one in the middle is written twice, of 14 two.
        for r in [0, 3, 7, 10] {
            if r + 4 <= MR {
                let bytes = narrow([steps[r], steps[r + 1], steps[r + 2], steps[r + 3]]);
                let to = to.add(r * LANES);
                _mm_storeu_si128(to.cast(), _mm256_castsi256_si128(bytes));
                if both {
                    _mm_storeu_si128(to.add(plane).cast(), _mm256_extracti128_si256::<1>(bytes));
                }
            }
        }
    }
}

/// Bytes of four pixels: those of the first plane, then those of the second.
///
/// # Safety
/// AVX2.
#[inline(always)]
unsafe fn narrow(steps: [__m256i; 4]) -> __m256i {
    // SAFETY: arithmetic on registers.
    unsafe {
        let (near, far) = (_mm256_packs_epi32(steps[0], steps[1]), _mm256_packs_epi32(steps[2], steps[3]));
        _mm256_packus_epi16(near, far)
    }
}

/// Sums as steps of the result, the zero point added, in 32 bits.
///
/// # Safety
/// AVX2; bias and scale cover the eight outputs at `index`.
#[inline(always)]
unsafe fn steps<const MR: usize>(conv: &PackedConv, index: usize, mut sums: [__m256i; MR]) -> [__m256i; MR] {
    // SAFETY: the caller's promise.
    unsafe {
        let bias = _mm256_loadu_si256(conv.bias.as_ptr().add(index * OUTPUTS).cast());
        let scale = _mm256_loadu_ps(conv.scale.as_ptr().add(index * OUTPUTS));
        let (lo, hi) = (_mm256_set1_ps(conv.output.lo), _mm256_set1_ps(conv.output.hi));
        let zero = _mm256_set1_epi32(i32::from(conv.output.zero));
        // Not `map`: a closure would not be compiled for the instruction set.
        for sum in &mut sums {
            let value = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(*sum, bias)), scale);
            let value = _mm256_min_ps(_mm256_max_ps(value, lo), hi);
            *sum = _mm256_add_epi32(_mm256_cvtps_epi32(value), zero);
        }
        sums
    }
}
