//! AVX2: `vpmaddwd` sums two products of int16 into each of eight int32. `vpmaddubsw` would take bytes, but it
//! saturates at 16 bits and so cannot be exact with eight-bit activations.

use std::arch::x86_64::*;

use crate::engine::kernels::depthwise::{self, Depthwise};
use crate::engine::kernels::layout::LANES;
use crate::engine::kernels::pack::{Appetite, BLOCK, ConvShape, PackedConv, Packing};
use crate::engine::kernels::pointwise::{self, Add, Affine, Plane};
use crate::engine::kernels::{Kernel, Run};

/// Exists only where the instructions were detected (see [`Avx2::detected`]).
#[derive(Debug)]
pub(super) struct Avx2(());

/// To be handed out after [`Avx2::detected`] said yes.
pub(super) static AVX2: Avx2 = Avx2(());

impl Avx2 {
    /// Whether this processor has the instructions.
    pub fn detected() -> bool {
        is_x86_feature_detected!("avx2")
    }
}

/// The pointers and strides of one run.
#[derive(Clone, Copy)]
struct Span<'a> {
    conv: &'a PackedConv,
    shape: &'a ConvShape,
    src: *const u8,
    dst: *mut u8,
    step: usize,
}

macro_rules! avx2 {
    (fn $name:ident($($arg:ident: $ty:ty),*) = $body:path) => {
        #[target_feature(enable = "avx2")]
        fn $name($($arg: $ty),*) {
            $body($($arg),*);
        }
    };
}

avx2!(fn wide_depthwise(job: &Depthwise, src: &[u8], dst: &mut [u8]) = depthwise::run);
avx2!(fn wide_affine(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) = pointwise::affine);
avx2!(fn wide_pool(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) = pointwise::affine_pool);
avx2!(fn wide_add(job: &Add, a: &[u8], b: &[u8], dst: &mut [u8]) = pointwise::add);

impl Kernel for Avx2 {
    fn name(&self) -> &'static str {
        "avx2"
    }

    fn appetite(&self) -> Appetite {
        Appetite { packing: Packing::Pair, signed: false }
    }

    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: Run) {
        // SAFETY: `AVX2` is handed out only where the feature was detected. `kernels::conv` checked that every
        // pixel of the run, at every tap and plane, lies in `src`, that every output lies in `dst`, and that
        // weights, bias and scale cover every block.
        unsafe {
            let span = Span {
                conv,
                shape,
                src: src.as_ptr().add(run.src),
                dst: dst.as_mut_ptr().add(run.dst),
                step: shape.stride_x * LANES,
            };
            run_pixels(span, run.pixels);
        }
    }

    fn depthwise(&self, job: &Depthwise, src: &[u8], dst: &mut [u8]) {
        // SAFETY: the feature was detected before this kernel was handed out.
        unsafe { wide_depthwise(job, src, dst) }
    }

    fn affine(&self, job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
        // SAFETY: the feature was detected before this kernel was handed out.
        unsafe { wide_affine(job, plane, src, dst) }
    }

    fn affine_pool(&self, job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
        // SAFETY: the feature was detected before this kernel was handed out.
        unsafe { wide_pool(job, plane, src, dst) }
    }

    fn add(&self, job: &Add, a: &[u8], b: &[u8], dst: &mut [u8]) {
        // SAFETY: the feature was detected before this kernel was handed out.
        unsafe { wide_add(job, a, b, dst) }
    }
}

/// Covers a run with tiles of 4 and 1 pixels.
///
/// # Safety
/// AVX2; every pixel of the run readable and writable as [`Span`] says.
#[target_feature(enable = "avx2")]
unsafe fn run_pixels(span: Span<'_>, pixels: usize) {
    let mut at = 0;
    // SAFETY: `at + tile <= pixels` and `block` below the number of blocks.
    unsafe {
        while at < pixels {
            let four = pixels - at >= 4;
            for block in 0..span.conv.bias.len() / BLOCK {
                if four { tile::<4>(span, at, block) } else { tile::<1>(span, at, block) }
            }
            at += if four { 4 } else { 1 };
        }
    }
}

/// `MR` pixels by 16 output channels.
///
/// # Safety
/// As [`run_pixels`]; pixels `at..at + MR` lie in the run, `block` below the number of blocks.
#[allow(clippy::needless_range_loop)] // indices, so that accumulators stay in registers
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn tile<const MR: usize>(span: Span<'_>, at: usize, block: usize) {
    let (planes, plane) = (span.shape.input.planes(), span.shape.input.plane());
    let mut acc = [[_mm256_setzero_si256(); 2]; MR];
    let low = _mm256_set1_epi32(0x8001_8000_u32 as i32);
    let high = _mm256_set1_epi32(0x8003_8002_u32 as i32);
    // SAFETY: `kernels::conv` checked taps, planes and pixels against the source, blocks against the weights.
    unsafe {
        let mut weights = span.conv.weights.as_ptr().add(block * span.shape.taps.len() * planes);
        let first = span.src.add(at * span.step);
        for tap in &span.shape.taps {
            let mut pixels = first.add(*tap);
            for _ in 0..planes {
                for (half, mask) in [low, high].into_iter().enumerate() {
                    let w = weights.cast::<u8>().add(half * 2 * BLOCK);
                    let near = _mm256_cvtepi8_epi16(_mm_load_si128(w.cast()));
                    let far = _mm256_cvtepi8_epi16(_mm_load_si128(w.add(BLOCK).cast()));
                    for r in 0..MR {
                        let four = pixels.add(r * span.step).cast::<i32>().read_unaligned();
                        let two = _mm256_shuffle_epi8(_mm256_set1_epi32(four), mask);
                        acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(two, near));
                        acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(two, far));
                    }
                }
                weights = weights.add(1);
                pixels = pixels.add(plane);
            }
        }
        // With constant indices, so that the accumulators never need an address: with one they would be written
        // to memory in every turn of the loop.
        macro_rules! finish {
            ($($r:literal)*) => {
                $(if $r < MR {
                    store(span, acc[$r % MR], block, at + $r);
                })*
            };
        }
        finish!(0 1 2 3);
    }
}

/// Requantises 16 output channels of one pixel and writes them to their four planes.
///
/// # Safety
/// As [`tile`].
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store(span: Span<'_>, sum: [__m256i; 2], block: usize, at: usize) {
    let (output, plane) = (span.conv.output, span.shape.output.plane());
    let (lo, hi) = (_mm256_set1_ps(output.lo), _mm256_set1_ps(output.hi));
    let zero = _mm256_set1_epi32(i32::from(output.zero));
    let mut wide = [_mm256_setzero_si256(); 2];
    // SAFETY: bias and scale cover whole blocks; outputs of the run lie in the target, plane by plane.
    unsafe {
        for (half, (sum, wide)) in sum.iter().zip(&mut wide).enumerate() {
            let channel = block * BLOCK + half * 8;
            let bias = _mm256_loadu_si256(span.conv.bias.as_ptr().add(channel).cast());
            let scale = _mm256_loadu_ps(span.conv.scale.as_ptr().add(channel));
            let value = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(*sum, bias)), scale);
            let value = _mm256_min_ps(_mm256_max_ps(value, lo), hi);
            *wide = _mm256_add_epi32(_mm256_cvtps_epi32(value), zero);
        }
        let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(wide[0], wide[1]));
        let bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
        let mut four = [0i32; 4];
        _mm_storeu_si128(four.as_mut_ptr().cast(), bytes);
        let base = span.dst.add(block * LANES * plane + at * LANES);
        for (p, word) in four.iter().enumerate().take(span.shape.output.planes() - block * LANES) {
            base.add(p * plane).cast::<i32>().write_unaligned(*word);
        }
    }
}
