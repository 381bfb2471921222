//! AVX2: `vpmaddubsw` sums two products of bytes in 16 bits, on bins of weights with which it cannot saturate (see
//! `block8`); `vpmaddwd` brings the sums of a bin to 32 bits.

use std::arch::x86_64::*;

use super::avx2_planes;
use super::block8::{self, Multiply};
use crate::block8::{Block8, Strip};
use crate::conv_shape::ConvShape;
use crate::depthwise::Depthwise;
use crate::pointwise::{Add, Affine, Plane};
use crate::weights::{PackedConv, Packing, WeightLayout};
use crate::{Kernel, PixelRun};

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

impl Kernel for Avx2 {
    fn name(&self) -> &'static str {
        "avx2"
    }

    fn weight_layout(&self) -> WeightLayout {
        WeightLayout { packing: Packing::Block8Bins, signed: false }
    }

    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
        // SAFETY: `AVX2` is handed out only where the feature was detected; `conv` checked the ranges.
        unsafe { wide_conv(conv, shape, src, dst, run) }
    }

    plane_operators!(avx2_planes);
}

#[target_feature(enable = "avx2")]
unsafe fn wide_conv(conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
    // SAFETY: the caller's promise.
    unsafe { block8::conv_run::<Bins>(conv, shape, src, dst, run) }
}

/// Multiplication bin by bin.
enum Bins {}

impl Multiply for Bins {
    const WIDEST: usize = 7;

    #[inline(always)]
    unsafe fn sums<const MR: usize>(block: &Block8, src: *const u8, step: usize) -> [__m256i; MR] {
        let (strips, sources) = (block.strips().as_ptr(), block.sources().as_ptr());
        let (mut cursor, counts) = (Cursor { strips, sources, src, step }, block.bins());
        // SAFETY: bins count as many strips and sources as there are.
        unsafe {
            let mut sums = [_mm256_setzero_si256(); MR];
            sums = bins::<4, MR>(&mut cursor, counts[3], sums);
            sums = bins::<3, MR>(&mut cursor, counts[2], sums);
            sums = bins::<2, MR>(&mut cursor, counts[1], sums);
            bins::<1, MR>(&mut cursor, counts[0], sums)
        }
    }
}

/// How far the multiplication is.
struct Cursor {
    strips: *const Strip,
    sources: *const u32,
    src: *const u8,
    step: usize,
}

/// Adds `count` bins of `K` strips to the sums of `MR` pixels.
///
/// # Safety
/// AVX2; as many strips and sources left, and every source readable.
#[allow(clippy::needless_range_loop)] // indices, so that everything stays in registers
#[inline(always)]
unsafe fn bins<const K: usize, const MR: usize>(
    cursor: &mut Cursor,
    count: usize,
    mut sums: [__m256i; MR],
) -> [__m256i; MR] {
    // SAFETY: the caller's promise.
    unsafe {
        let ones = _mm256_set1_epi16(1);
        let (mut strips, mut sources) = (cursor.strips, cursor.sources);
        for _ in 0..count {
            let mut weights = [_mm256_setzero_si256(); K];
            let mut from = [cursor.src; K];
            for k in 0..K {
                weights[k] = _mm256_load_si256(strips.add(k).cast());
                from[k] = cursor.src.add(*sources.add(k) as usize);
            }
            for r in 0..MR {
                let mut short = _mm256_setzero_si256();
                for k in 0..K {
                    let four = _mm256_set1_epi32(from[k].add(r * cursor.step).cast::<i32>().read_unaligned());
                    let pairs = _mm256_maddubs_epi16(four, weights[k]);
                    short = if k == 0 { pairs } else { _mm256_add_epi16(short, pairs) };
                }
                sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(short, ones));
            }
            strips = strips.add(K);
            sources = sources.add(K);
        }
        (cursor.strips, cursor.sources) = (strips, sources);
        sums
    }
}
