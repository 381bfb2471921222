//! Operators without weights: scale and shift (BatchNorm in front of a ReLU), pooling, addition.
//!
//! Written once as plain loops over fixed chunks that the compiler turns into vector code for each instruction
//! set (the kernels call them from functions with that set enabled); float multiplication and addition are
//! rounded separately everywhere, so every kernel gives the same bytes.

use super::layout::{LANES, Layout};
use super::requantise::Requantisation;

/// `y = quantise(max(x * scale + shift, floor))` per channel, in steps of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Affine {
    /// Layout of the result.
    pub target: Layout,
    /// Per channel, padded to whole planes; holds the input's scale.
    pub scale: Vec<f32>,
    /// Per channel, padded to whole planes; holds the input's zero point.
    pub shift: Vec<f32>,
    /// Least value before pooling: 0 for a ReLU, minus infinity without one.
    pub floor: f32,
    /// Rounding and clamping.
    pub output: Requantisation,
}

impl Affine {
    /// Factor and summand of the four channels of a plane.
    #[inline(always)]
    pub fn factors(&self, plane: &Plane) -> (&[f32], &[f32]) {
        let channels = plane.target * LANES..(plane.target + 1) * LANES;
        (&self.scale[channels.clone()], &self.shift[channels])
    }

    /// How many rows a plane has and how many bytes each; a plane without borders is one row.
    #[inline(always)]
    pub fn rows(&self, plane: &Plane) -> (usize, usize) {
        let whole = plane.from.border == 0 && self.target.border == 0;
        if whole { (1, plane.from.plane()) } else { (plane.from.height, plane.from.width * LANES) }
    }

    /// A row of [`Affine::rows`] in the source, and where it goes in the result.
    #[inline(always)]
    pub fn row<'s, 'd>(
        &self,
        plane: &Plane,
        y: usize,
        bytes: usize,
        src: &'s [u8],
        dst: &'d mut [u8],
    ) -> (&'s [u8], &'d mut [u8]) {
        let from = plane.source * plane.from.plane() + plane.from.row_start(y);
        let to = plane.target * self.target.plane() + self.target.row_start(y);
        (&src[from..from + bytes], &mut dst[to..to + bytes])
    }
}

/// Which plane of the source and which of the result.
#[derive(Debug, Clone, Copy)]
pub struct Plane {
    /// Layout of the source.
    pub from: Layout,
    /// Index in the source.
    pub source: usize,
    /// Index in the result, and in `scale` and `shift`.
    pub target: usize,
}

/// Pixels that are computed together: 16 floats.
const GROUP: usize = 16;

/// Four channels' factors repeated over a group of pixels.
#[inline(always)]
fn spread(values: &[f32]) -> [f32; GROUP] {
    let mut wide = [0.0; GROUP];
    for (i, v) in wide.iter_mut().enumerate() {
        *v = values[i % LANES];
    }
    wide
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// One plane; no pooling.
#[inline(always)]
pub fn affine(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
    let (scale, shift) = job.factors(&plane);
    let (scale, shift) = (spread(scale), spread(shift));
    let (rows, bytes) = job.rows(&plane);
    for y in 0..rows {
        let (line, result) = job.row(&plane, y, bytes, src, dst);
        let mut groups = line.chunks_exact(GROUP);
        let mut results = result.chunks_exact_mut(GROUP);
        for (a, r) in (&mut groups).zip(&mut results) {
            for i in 0..GROUP {
                let value = larger(f32::from(a[i]) * scale[i] + shift[i], job.floor);
                r[i] = job.output.quantise(value);
            }
        }
        for (i, (a, r)) in groups.remainder().iter().zip(results.into_remainder()).enumerate() {
            let value = larger(f32::from(*a) * scale[i] + shift[i], job.floor);
            *r = job.output.quantise(value);
        }
    }
}

/// One plane; the mean of two by two pixels is taken before requantising. Odd last rows and columns are left out,
/// as ONNX AveragePool without padding does.
#[inline(always)]
pub fn affine_pool(job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
    let (scale, shift) = job.factors(&plane);
    let (scale, shift) = (spread(scale), spread(shift));
    let (from, to) = (&plane.from, &job.target);
    for y in 0..to.height {
        let at = plane.source * from.plane() + from.row_start(2 * y);
        let upper = &src[at..at + from.width * LANES];
        let lower = &src[at + from.row()..at + from.row() + from.width * LANES];
        let at = plane.target * to.plane() + to.row_start(y);
        let result = &mut dst[at..at + to.width * LANES];
        let pairs = upper.chunks_exact(2 * LANES).zip(lower.chunks_exact(2 * LANES));
        for (r, (a, b)) in result.chunks_exact_mut(LANES).zip(pairs) {
            for i in 0..LANES {
                let one = |x: u8| larger(f32::from(x) * scale[i] + shift[i], job.floor);
                let sum = (one(a[i]) + one(a[i + LANES])) + (one(b[i]) + one(b[i + LANES]));
                r[i] = job.output.quantise(sum * 0.25);
            }
        }
    }
}

/// Requantised sum of two tensors: `quantise(a * scale_a + b * scale_b + shift)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Add {
    /// Input scale over output scale.
    pub scale_a: f32,
    /// Input scale over output scale.
    pub scale_b: f32,
    /// Takes both zero points off.
    pub shift: f32,
    /// Rounding and clamping.
    pub output: Requantisation,
}

/// Adds bytes that lie at the same offsets.
#[inline(always)]
pub fn add(job: &Add, a: &[u8], b: &[u8], dst: &mut [u8]) {
    for ((r, a), b) in dst.iter_mut().zip(a).zip(b) {
        let value = (f32::from(*a) * job.scale_a + f32::from(*b) * job.scale_b) + job.shift;
        *r = job.output.quantise(value);
    }
}

/// Bytes of the widest row that [`max_pool`] takes.
pub const WIDEST_ROW: usize = 4096;

/// One maximum pooling; border pixels of the source must hold 0, so that they never win.
#[derive(Debug, Clone, PartialEq)]
pub struct MaxPool {
    /// Layout of the source; its rows have at most [`WIDEST_ROW`] bytes.
    pub source: Layout,
    /// Layout of the result.
    pub target: Layout,
    /// Rows and columns of a window.
    pub kernel: usize,
    /// Pixels between windows.
    pub stride: usize,
    /// Padding above and on the left, at most the source's border.
    pub pad: usize,
}

/// Maximum over windows: first down the columns, then along the row.
pub fn max_pool(job: &MaxPool, src: &[u8], dst: &mut [u8]) {
    let (from, to) = (&job.source, &job.target);
    let lift = from.border - job.pad;
    let row = from.row();
    let mut tallest = [0u8; WIDEST_ROW];
    let tallest = &mut tallest[..row];
    for p in 0..to.planes() {
        for y in 0..to.height {
            let at = p * from.plane() + (y * job.stride + lift) * row;
            tallest.copy_from_slice(&src[at..at + row]);
            for line in src[at + row..at + job.kernel * row].chunks_exact(row) {
                for (t, v) in tallest.iter_mut().zip(line) {
                    *t = (*t).max(*v);
                }
            }
            let at = p * to.plane() + to.row_start(y);
            let result = &mut dst[at..at + to.width * LANES];
            for (x, r) in result.chunks_exact_mut(LANES).enumerate() {
                let at = (x * job.stride + lift) * LANES;
                let mut best = [0u8; LANES];
                for pixel in tallest[at..at + job.kernel * LANES].chunks_exact(LANES) {
                    for (b, v) in best.iter_mut().zip(pixel) {
                        *b = (*b).max(*v);
                    }
                }
                r.copy_from_slice(&best);
            }
        }
    }
}

/// One plane of `max(x * scale + shift, floor)` into the first of its `maps`, each `height × width` floats, one a channel.
pub fn affine_map(job: &Affine, plane: Plane, src: &[u8], maps: &mut [f32]) {
    let from = &plane.from;
    for (lane, map) in maps.chunks_exact_mut(from.height * from.width).take(LANES).enumerate() {
        let channel = plane.target * LANES + lane;
        let (scale, shift) = (job.scale[channel], job.shift[channel]);
        for (y, row) in map.chunks_exact_mut(from.width).enumerate() {
            let at = plane.source * from.plane() + from.row_start(y) + lane;
            for (value, x) in row.iter_mut().zip(src[at..].iter().step_by(LANES)) {
                *value = larger(f32::from(*x) * scale + shift, job.floor);
            }
        }
    }
}

/// Sum over the feature map of `max(x * scale + shift, floor)`, one value a channel.
pub fn affine_sums(job: &Affine, plane: Plane, src: &[u8], sums: &mut [f32]) {
    let from = &plane.from;
    for (lane, sum) in sums.iter_mut().enumerate() {
        let channel = plane.target * LANES + lane;
        let (scale, shift) = (job.scale[channel], job.shift[channel]);
        *sum = 0.0;
        for y in 0..from.height {
            let at = plane.source * from.plane() + from.row_start(y) + lane;
            for x in 0..from.width {
                *sum += larger(f32::from(src[at + x * LANES]) * scale + shift, job.floor);
            }
        }
    }
}
