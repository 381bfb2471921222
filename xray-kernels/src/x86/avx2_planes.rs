//! AVX2 code for operators that work plane by plane: depthwise convolution, scale and shift. Pooling and addition are
//! left to the compiler.

use std::arch::x86_64::*;

use crate::depthwise::{self, Depthwise};
use crate::layout::LANES;
use crate::pointwise::{self, Add, Affine, Plane};
use crate::requantise::Requantisation;

/// Bytes of a register.
const WIDE: usize = 32;

/// Pixels of a register.
const PIXELS: usize = WIDE / LANES;

/// Rounding and clamping in registers.
#[derive(Clone, Copy)]
struct Rounding {
    lo: __m256,
    hi: __m256,
    zero: __m256i,
}

impl Rounding {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(output: &Requantisation) -> Rounding {
        Rounding {
            lo: _mm256_set1_ps(output.lo),
            hi: _mm256_set1_ps(output.hi),
            zero: _mm256_set1_epi16(i16::from(output.zero)),
        }
    }

    /// As `Requantisation::quantise`; the zero point is not yet added.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn steps(&self, value: __m256) -> __m256i {
        _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(value, self.lo), self.hi))
    }

    /// Bytes with the zero point; in each half of the result, the halves of the four registers one after the other.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bytes(&self, steps: [__m256i; 4]) -> __m256i {
        let near = _mm256_add_epi16(_mm256_packs_epi32(steps[0], steps[1]), self.zero);
        let far = _mm256_add_epi16(_mm256_packs_epi32(steps[2], steps[3]), self.zero);
        _mm256_packus_epi16(near, far)
    }
}

/// [`pointwise::affine`] with 32 values at a time; the last of a row that is no multiple of that are computed twice.
#[target_feature(enable = "avx2")]
pub(super) fn affine(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
    let (scale, shift) = job.factors(&plane);
    let four = |v: &[f32]| _mm256_setr_ps(v[0], v[1], v[2], v[3], v[0], v[1], v[2], v[3]);
    let (scale, shift) = (four(scale), four(shift));
    let mut rounding = Rounding::new(&job.output);
    rounding.lo = _mm256_max_ps(rounding.lo, _mm256_set1_ps(job.floor));
    let (rows, bytes) = job.rows(&plane);
    if bytes < WIDE || job.floor > job.output.hi {
        return pointwise::affine(job, plane, src, dst);
    }
    // Undoes the order of `Rounding::bytes`.
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for y in 0..rows {
        let (line, result) = job.row(&plane, y, bytes, src, dst);
        let mut i = 0;
        while i < bytes {
            i = i.min(bytes - WIDE);
            let mut steps = [_mm256_setzero_si256(); 4];
            // SAFETY: `i + WIDE <= bytes`, the length of both rows.
            unsafe {
                for (q, steps) in steps.iter_mut().enumerate() {
                    let eight = _mm_loadl_epi64(line.as_ptr().add(i + q * 8).cast());
                    let x = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight));
                    *steps = rounding.steps(_mm256_add_ps(_mm256_mul_ps(x, scale), shift));
                }
                let bytes = _mm256_permutevar8x32_epi32(rounding.bytes(steps), order);
                _mm256_storeu_si256(result.as_mut_ptr().add(i).cast(), bytes);
            }
            i += WIDE;
        }
    }
}

/// [`pointwise::affine_pool`], compiled for AVX2.
#[target_feature(enable = "avx2")]
pub(super) fn affine_pool(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
    pointwise::affine_pool(job, plane, src, dst);
}

/// [`pointwise::add`], compiled for AVX2.
#[target_feature(enable = "avx2")]
pub(super) fn add(job: &Add, a: &[u8], b: &[u8], dst: &mut [u8]) {
    pointwise::add(job, a, b, dst);
}

/// [`depthwise::run`] with eight pixels at a time: four taps of one channel are brought side by side.
#[target_feature(enable = "avx2")]
pub(super) fn depthwise(job: &Depthwise, src: &[u8], dst: &mut [u8]) {
    let shape = &job.shape;
    let output = &shape.output;
    if shape.stride_x > 2 || !job.fits(src, dst) {
        return depthwise::run(job, src, dst);
    }
    for p in 0..output.planes() {
        for y in 0..output.height {
            let (from, to) = job.row_offsets(p, y);
            let row = &mut dst[to..to + output.width * LANES];
            let mut x = 0;
            while x < output.width {
                // The last group of a row begins earlier rather than end later, if the row is long enough.
                x = x.min(output.width.saturating_sub(PIXELS));
                let from = from + x * shape.stride_x * LANES;
                let mut bytes = [0u8; WIDE];
                // SAFETY: the length was compared above. A group reads no further than SLACK bytes behind the last
                // pixel of its row at the last tap, which `source_bytes` counts.
                unsafe {
                    let from = src.as_ptr().add(from);
                    let group =
                        if shape.stride_x == 1 { group::<1>(job, p, from) } else { group::<2>(job, p, from) };
                    _mm256_storeu_si256(bytes.as_mut_ptr().cast(), group);
                }
                let rest = &mut row[x * LANES..];
                match rest.first_chunk_mut::<WIDE>() {
                    Some(whole) => *whole = bytes,
                    None => rest.copy_from_slice(&bytes[..rest.len()]),
                }
                x += PIXELS;
            }
        }
    }
}

/// Block8 pixels, `STEP` apart.
///
/// # Safety
/// 32 times `STEP` bytes readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load<const STEP: usize>(from: *const u8) -> __m256i {
    // SAFETY: the caller's promise.
    unsafe {
        let near = _mm256_loadu_si256(from.cast());
        if STEP == 1 {
            return near;
        }
        let far = _mm256_loadu_si256(from.add(WIDE).cast());
        let even = _mm256_shuffle_ps::<0b10_00_10_00>(_mm256_castsi256_ps(near), _mm256_castsi256_ps(far));
        _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_castps_si256(even))
    }
}

/// Eight neighbouring output pixels of one plane.
///
/// # Safety
/// AVX2; at every tap 32 bytes times `STEP` readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn group<const STEP: usize>(job: &Depthwise, plane: usize, from: *const u8) -> __m256i {
    let taps = &job.shape.taps;
    let quads = taps.len().div_ceil(4);
    let rounding = Rounding::new(&job.output);
    // SAFETY: the caller's promise; weights, bias and scale cover every plane.
    unsafe {
        let bias = _mm_loadu_si128(job.bias.as_ptr().add(plane * LANES).cast());
        let scale = _mm_loadu_ps(job.scale.as_ptr().add(plane * LANES));
        let scale = _mm256_set_m128(scale, scale);
        let mut sums = [_mm256_broadcastsi128_si256(bias); 4];
        let low = _mm256_set1_epi16(0xFF);
        for q in 0..quads {
            let mut t = [_mm256_setzero_si256(); 4];
            for (t, tap) in t.iter_mut().zip(&taps[q * 4..]) {
                *t = load::<STEP>(from.add(*tap));
            }
            // Weights of taps 0 and 2 in one register of int16, those of taps 1 and 3 in another.
            let w = _mm_loadu_si128(job.weights.as_ptr().add(plane * quads + q).cast());
            let w = _mm256_broadcastsi128_si256(w);
            let even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(w));
            let odd = _mm256_srai_epi16::<8>(w);
            let (a, b) = (_mm256_unpacklo_epi8(t[0], t[1]), _mm256_unpackhi_epi8(t[0], t[1]));
            let (c, d) = (_mm256_unpacklo_epi8(t[2], t[3]), _mm256_unpackhi_epi8(t[2], t[3]));
            let four = [
                _mm256_unpacklo_epi16(a, c),
                _mm256_unpackhi_epi16(a, c),
                _mm256_unpacklo_epi16(b, d),
                _mm256_unpackhi_epi16(b, d),
            ];
            for (sum, x) in sums.iter_mut().zip(four) {
                let first = _mm256_madd_epi16(_mm256_and_si256(x, low), even);
                let second = _mm256_madd_epi16(_mm256_srli_epi16::<8>(x), odd);
                *sum = _mm256_add_epi32(*sum, _mm256_add_epi32(first, second));
            }
        }
        for sum in &mut sums {
            *sum = rounding.steps(_mm256_mul_ps(_mm256_cvtepi32_ps(*sum), scale));
        }
        rounding.bytes(sums)
    }
}
