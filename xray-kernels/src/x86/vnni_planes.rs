//! AVX-512 code for operators that work plane by plane: depthwise convolution, scale and shift, addition.

use std::arch::x86_64::*;

use crate::depthwise::{self, Depthwise};
use crate::layout::LANES;
use crate::pointwise::{self, Add, Affine, Plane};
use crate::requantise::Requantisation;

/// Pixels in one register of bytes.
const WIDE: usize = 16;

/// Rounding and clamping in registers.
#[derive(Clone, Copy)]
struct Rounding {
    lo: __m512,
    hi: __m512,
    zero: __m512i,
}

impl Rounding {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(output: &Requantisation) -> Rounding {
        Rounding {
            lo: _mm512_set1_ps(output.lo),
            hi: _mm512_set1_ps(output.hi),
            zero: _mm512_set1_epi32(i32::from(output.zero)),
        }
    }

    /// As `Requantisation::quantise`, as int32.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn steps(&self, value: __m512) -> __m512i {
        let clamped = _mm512_min_ps(_mm512_max_ps(value, self.lo), self.hi);
        _mm512_add_epi32(_mm512_cvtps_epi32(clamped), self.zero)
    }
}

/// Loads 16 bytes as 16 floats.
///
/// # Safety
/// AVX-512F; 16 bytes readable at `from`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn floats(from: *const u8) -> __m512 {
    // SAFETY: the caller's promise.
    _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(unsafe { _mm_loadu_si128(from.cast()) }))
}

/// Byte mask of the first `pixels` pixels of a register.
#[inline]
fn mask(pixels: usize) -> u64 {
    if pixels >= WIDE { u64::MAX } else { (1 << (pixels * LANES)) - 1 }
}

/// [`pointwise::affine`] with 16 values at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn affine(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
    let (scale, shift) = job.factors(&plane);
    let four = |v: &[f32]| _mm512_broadcast_f32x4(_mm_setr_ps(v[0], v[1], v[2], v[3]));
    let (scale, shift) = (four(scale), four(shift));
    let (floor, rounding) = (_mm512_set1_ps(job.floor), Rounding::new(&job.output));
    let (rows, bytes) = job.rows(&plane);
    for y in 0..rows {
        let (line, result) = job.row(&plane, y, bytes, src, dst);
        let mut i = 0;
        while i < bytes {
            let rest = (bytes - i).min(WIDE);
            let keep = (u32::MAX >> (32 - rest)) as u16;
            // SAFETY: masked loads and stores touch `rest` bytes from `i`, which lie in both rows.
            unsafe {
                let x = _mm_maskz_loadu_epi8(keep, line.as_ptr().add(i).cast());
                let x = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(x));
                let value = _mm512_max_ps(_mm512_add_ps(_mm512_mul_ps(x, scale), shift), floor);
                let bytes = _mm512_cvtepi32_epi8(rounding.steps(value));
                _mm_mask_storeu_epi8(result.as_mut_ptr().add(i).cast(), keep, bytes);
            }
            i += WIDE;
        }
    }
}

/// [`pointwise::affine_pool`], compiled for AVX-512.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn affine_pool(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
    pointwise::affine_pool(job, plane, src, dst);
}

/// [`pointwise::add`] with 16 values at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn add(job: &Add, a: &[u8], b: &[u8], dst: &mut [u8]) {
    let length = dst.len().min(a.len()).min(b.len());
    let (scale_a, scale_b) = (_mm512_set1_ps(job.scale_a), _mm512_set1_ps(job.scale_b));
    let (shift, rounding) = (_mm512_set1_ps(job.shift), Rounding::new(&job.output));
    let whole = length - length % WIDE;
    for i in (0..whole).step_by(WIDE) {
        // SAFETY: `i + WIDE <= whole`, which is no longer than any of the three slices.
        unsafe {
            let x = _mm512_mul_ps(floats(a.as_ptr().add(i)), scale_a);
            let y = _mm512_mul_ps(floats(b.as_ptr().add(i)), scale_b);
            let value = _mm512_add_ps(_mm512_add_ps(x, y), shift);
            let bytes = _mm512_cvtepi32_epi8(rounding.steps(value));
            _mm_storeu_si128(dst.as_mut_ptr().add(i).cast(), bytes);
        }
    }
    pointwise::add(job, &a[whole..length], &b[whole..length], &mut dst[whole..length]);
}

/// [`depthwise::run`] with 16 pixels at a time: four taps of one channel are brought side by side and summed by
/// one `vpdpbusd`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn depthwise(job: &Depthwise, src: &[u8], dst: &mut [u8]) {
    let shape = &job.shape;
    let output = &shape.output;
    if shape.stride_x > 2 || !job.fits(src, dst) {
        return depthwise::run(job, src, dst);
    }
    for p in 0..output.planes() {
        for y in 0..output.height {
            let (from, to) = job.row_offsets(p, y);
            for x in (0..output.width).step_by(WIDE) {
                let pixels = (output.width - x).min(WIDE);
                // SAFETY: lengths were compared above; masks keep loads and stores to `pixels` pixels of
                // this row.
                unsafe {
                    let from = src.as_ptr().add(from + x * shape.stride_x * LANES);
                    let to = dst.as_mut_ptr().add(to + x * LANES);
                    if shape.stride_x == 1 {
                        group::<1>(job, p, from, to, pixels);
                    } else {
                        group::<2>(job, p, from, to, pixels);
                    }
                }
            }
        }
    }
}

/// Loads `pixels` pixels, `STEP` apart.
///
/// # Safety
/// AVX-512; the pixels lie in the feature map.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn load<const STEP: usize>(from: *const u8, pixels: usize) -> __m512i {
    // SAFETY: masks keep the loads to `(pixels - 1) * STEP + 1` pixels.
    unsafe {
        if STEP == 1 {
            return _mm512_maskz_loadu_epi8(mask(pixels), from.cast());
        }
        let reach = (pixels - 1) * STEP + 1;
        let near = _mm512_maskz_loadu_epi8(mask(reach), from.cast());
        let rest = mask(reach.saturating_sub(WIDE));
        let far = _mm512_maskz_loadu_epi8(rest, from.wrapping_add(WIDE * LANES).cast());
        let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        _mm512_permutex2var_epi32(near, even, far)
    }
}

/// Up to 16 neighbouring output pixels of one plane.
///
/// # Safety
/// AVX-512 VNNI; the pixels at every tap lie in the source, the outputs in the target.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn group<const STEP: usize>(
    job: &Depthwise,
    plane: usize,
    from: *const u8,
    to: *mut u8,
    pixels: usize,
) {
    let taps = &job.shape.taps;
    let quads = taps.len().div_ceil(4);
    let rounding = Rounding::new(&job.output);
    // SAFETY: the caller's promise; weights, bias and scale cover every plane.
    unsafe {
        let bias = _mm_loadu_si128(job.bias.as_ptr().add(plane * LANES).cast());
        let scale = _mm512_broadcast_f32x4(_mm_loadu_ps(job.scale.as_ptr().add(plane * LANES)));
        let mut sums = [_mm512_broadcast_i32x4(bias); 4];
        for q in 0..quads {
            let mut t = [_mm512_setzero_si512(); 4];
            for (t, tap) in t.iter_mut().zip(&taps[q * 4..]) {
                *t = load::<STEP>(from.add(*tap), pixels);
            }
            let w = _mm_loadu_si128(job.weights.as_ptr().add(plane * quads + q).cast());
            let w = _mm512_broadcast_i32x4(w);
            let (a, b) = (_mm512_unpacklo_epi8(t[0], t[1]), _mm512_unpackhi_epi8(t[0], t[1]));
            let (c, d) = (_mm512_unpacklo_epi8(t[2], t[3]), _mm512_unpackhi_epi8(t[2], t[3]));
            sums[0] = _mm512_dpbusd_epi32(sums[0], _mm512_unpacklo_epi16(a, c), w);
            sums[1] = _mm512_dpbusd_epi32(sums[1], _mm512_unpackhi_epi16(a, c), w);
            sums[2] = _mm512_dpbusd_epi32(sums[2], _mm512_unpacklo_epi16(b, d), w);
            sums[3] = _mm512_dpbusd_epi32(sums[3], _mm512_unpackhi_epi16(b, d), w);
        }
        for sum in &mut sums {
            *sum = rounding.steps(_mm512_mul_ps(_mm512_cvtepi32_ps(*sum), scale));
        }
        let words = (_mm512_packus_epi32(sums[0], sums[1]), _mm512_packus_epi32(sums[2], sums[3]));
        let bytes = _mm512_packus_epi16(words.0, words.1);
        _mm512_mask_storeu_epi8(to.cast(), mask(pixels), bytes);
    }
}
