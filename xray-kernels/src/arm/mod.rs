//! aarch64: SDOT where the processor has it (Cortex-A55, A76 and later: Raspberry Pi 5, Jetson Orin), else
//! SMULL, SMLAL and SADALP, which every aarch64 has (Cortex-A53 and A72: Raspberry Pi 3 and 4).

mod sdot;
mod smlal;

use std::arch::aarch64::*;

use super::Kernel;
use super::layout::LANES;
use super::span::Span;
use super::weights::BLOCK;

/// The kernels of this family that this processor can run, fastest first.
pub(super) fn available() -> Vec<&'static dyn Kernel> {
    let mut kernels: Vec<&'static dyn Kernel> = Vec::new();
    if sdot::Sdot::detected() {
        kernels.push(&sdot::SDOT);
    }
    kernels.push(&smlal::Smlal);
    kernels
}

/// Four pixels of four channels, 128 taken off each byte so that it is signed.
///
/// # Safety
/// `NEAR`: 16 bytes readable at `from` (the last pixels may lie in the slack); else four pixels `step` apart,
/// of which the first `count` are read.
#[inline(always)]
unsafe fn pixels<const NEAR: bool>(from: *const u8, step: usize, count: usize) -> int8x16_t {
    // SAFETY: the caller's promise.
    unsafe {
        let bytes = if NEAR {
            vld1q_u8(from)
        } else {
            let mut words = [0u32; 4];
            for (i, word) in words.iter_mut().enumerate().take(count) {
                *word = from.add(i * step).cast::<u32>().read_unaligned();
            }
            vreinterpretq_u8_u32(vld1q_u32(words.as_ptr()))
        };
        vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(0x80)))
    }
}

/// Requantises four output channels (`quarter` of `block`) of the pixel `at` and writes them to their plane.
///
/// # Safety
/// `block` below the number of blocks, `at` a pixel of the run.
#[inline(always)]
unsafe fn store(span: Span<'_>, sum: int32x4_t, block: usize, quarter: usize, at: usize) {
    let plane = block * LANES + quarter;
    if plane >= span.shape.output.planes() {
        return;
    }
    let output = span.conv.output;
    let channel = block * BLOCK + quarter * LANES;
    // SAFETY: bias and scale cover whole blocks; outputs of the run lie in the target, plane by plane.
    unsafe {
        let bias = vld1q_s32(span.conv.bias.as_ptr().add(channel));
        let scale = vld1q_f32(span.conv.scale.as_ptr().add(channel));
        let value = vmulq_f32(vcvtq_f32_s32(vaddq_s32(sum, bias)), scale);
        let value = vminq_f32(vmaxq_f32(value, vdupq_n_f32(output.lo)), vdupq_n_f32(output.hi));
        let steps = vaddq_s32(vcvtnq_s32_f32(value), vdupq_n_s32(i32::from(output.zero)));
        let words = vmovn_u32(vreinterpretq_u32_s32(steps));
        let bytes = vmovn_u16(vcombine_u16(words, words));
        let word = vget_lane_u32::<0>(vreinterpret_u32_u8(bytes));
        let to = span.dst.add(plane * span.shape.output.plane() + at * LANES);
        to.cast::<u32>().write_unaligned(word);
    }
}
