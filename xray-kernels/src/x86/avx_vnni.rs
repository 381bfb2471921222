//! AVX-VNNI (Alder Lake, Zen 5 and later): `vpdpbusd` in registers of 256 bits, without AVX-512. Everything else is
//! the AVX2 kernel's.

use std::arch::x86_64::*;
use std::marker::PhantomData;

use super::avx2::Avx2;
use super::avx2_planes;
use super::block8::{self, Multiply};
use crate::block8::Block8;
use crate::conv_shape::ConvShape;
use crate::depthwise::Depthwise;
use crate::pointwise::{Add, Affine, Plane};
use crate::weights::{PackedConv, Packing, WeightLayout};
use crate::{Kernel, PixelRun};

/// Exists only where the instructions were detected (see [`AvxVnni::detected`]).
#[derive(Debug)]
pub(super) struct AvxVnni(());

/// To be handed out after [`AvxVnni::detected`] said yes.
pub(super) static AVX_VNNI: AvxVnni = AvxVnni(());

impl AvxVnni {
    /// Whether this processor has the instructions.
    pub fn detected() -> bool {
        Avx2::detected() && is_x86_feature_detected!("avxvnni")
    }
}

impl Kernel for AvxVnni {
    fn name(&self) -> &'static str {
        "avx-vnni"
    }

    fn weight_layout(&self) -> WeightLayout {
        WeightLayout { packing: Packing::Block8, signed: false }
    }

    fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
        // SAFETY: `AVX_VNNI` is handed out only where the features were detected; `conv` checked the
        // ranges.
        unsafe { wide_conv(conv, shape, src, dst, run) }
    }

    plane_operators!(avx2_planes);
}

#[target_feature(enable = "avx2,avxvnni")]
unsafe fn wide_conv(conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
    // SAFETY: the caller's promise.
    unsafe { block8::conv_run::<Strips<Vpdpbusd>>(conv, shape, src, dst, run) }
}

/// Adds four products of uint8 by int8 to each of eight sums.
trait Dot {
    /// # Safety
    /// The instruction was detected.
    unsafe fn add(sums: __m256i, inputs: __m256i, weights: __m256i) -> __m256i;
}

/// The instruction.
struct Vpdpbusd;

impl Dot for Vpdpbusd {
    #[inline(always)]
    unsafe fn add(sums: __m256i, inputs: __m256i, weights: __m256i) -> __m256i {
        // SAFETY: the caller's promise.
        unsafe { _mm256_dpbusd_avx_epi32(sums, inputs, weights) }
    }
}

/// Multiplication strip by strip.
struct Strips<D>(PhantomData<D>);

impl<D: Dot> Multiply for Strips<D> {
    // One register of weights, one of inputs: 14 are left for sums, enough to hide that each takes five cycles.
    const WIDEST: usize = 14;

    #[inline(always)]
    unsafe fn sums<const MR: usize>(block: &Block8, src: *const u8, step: usize) -> [__m256i; MR] {
        // SAFETY: the caller's promise; strips are aligned to 32 bytes.
        unsafe {
            let mut sums = [_mm256_setzero_si256(); MR];
            for (strip, source) in block.strips().iter().zip(block.sources()) {
                let weights = _mm256_load_si256(std::ptr::from_ref(strip).cast());
                let from = src.add(*source as usize);
                for (r, sum) in sums.iter_mut().enumerate() {
                    let four = _mm256_set1_epi32(from.add(r * step).cast::<i32>().read_unaligned());
                    *sum = D::add(*sum, four, weights);
                }
            }
            sums
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::self_test::check;

    /// What `vpdpbusd` is defined as, in AVX2's instructions.
    struct Imitated;

    impl Dot for Imitated {
        #[inline(always)]
        unsafe fn add(sums: __m256i, inputs: __m256i, weights: __m256i) -> __m256i {
            // SAFETY: arithmetic on registers.
            unsafe {
                let low = _mm256_set1_epi16(0xFF);
                let (even, odd) = (_mm256_and_si256(inputs, low), _mm256_srli_epi16::<8>(inputs));
                let even = _mm256_madd_epi16(even, _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(weights)));
                let odd = _mm256_madd_epi16(odd, _mm256_srai_epi16::<8>(weights));
                _mm256_add_epi32(sums, _mm256_add_epi32(even, odd))
            }
        }
    }

    #[derive(Debug)]
    struct Imitation;

    impl Kernel for Imitation {
        fn name(&self) -> &'static str {
            "avx-vnni, imitated"
        }

        fn weight_layout(&self) -> WeightLayout {
            AVX_VNNI.weight_layout()
        }

        fn conv_run(&self, conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
            #[target_feature(enable = "avx2")]
            unsafe fn wide(conv: &PackedConv, shape: &ConvShape, src: &[u8], dst: &mut [u8], run: PixelRun) {
                // SAFETY: the caller's promise.
                unsafe { block8::conv_run::<Strips<Imitated>>(conv, shape, src, dst, run) }
            }
            // SAFETY: the test looked for AVX2; `conv` checked the ranges.
            unsafe { wide(conv, shape, src, dst, run) }
        }
    }

    /// Everything of this kernel but the one instruction runs on processors that lack it.
    #[test]
    fn all_but_the_instruction_equals_the_specification() {
        if !Avx2::detected() {
            eprintln!("SKIPPED: this processor has no AVX2");
            return;
        }
        check(&Imitation, 100).unwrap();
    }

    #[test]
    fn equals_the_specification() {
        if !AvxVnni::detected() {
            eprintln!("SKIPPED: this processor has no AVX-VNNI, so that its instruction was not executed");
            return;
        }
        check(&AVX_VNNI, 100).unwrap();
    }
}
