//! Depthwise convolution: every channel has its own three by three (or other) kernel.

use super::conv_shape::ConvShape;
use super::layout::LANES;
use super::requantise::Requantisation;

/// One depthwise convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Depthwise {
    /// Layouts, taps and strides; input and output have as many channels.
    pub shape: ConvShape,
    /// `[plane][tap / 4][lane][tap % 4]`, missing taps 0: four taps are one operand of a dot product.
    pub weights: Vec<[i8; 16]>,
    /// Per channel, padded to whole planes; holds the input's zero point.
    pub bias: Vec<i32>,
    /// Input scale times weight scale over output scale, padded to whole planes.
    pub scale: Vec<f32>,
    /// Rounding and clamping.
    pub output: Requantisation,
}

/// Pixels by channels that are computed together.
const GROUP: usize = 32;

impl Depthwise {
    /// Packs `[channel][tap]` weights.
    pub fn new(
        shape: ConvShape,
        weights: &[i8],
        bias: &[i32],
        scale: &[f32],
        input_zero: u8,
        output: Requantisation,
    ) -> Depthwise {
        let (planes, taps) = (shape.input.planes(), shape.taps.len());
        let quads = taps.div_ceil(4);
        let mut packed = vec![[0i8; 16]; planes * quads];
        let mut sums = vec![0; planes * LANES];
        let mut scales = vec![0.0; planes * LANES];
        for c in 0..shape.input.channels {
            sums[c] = bias[c];
            scales[c] = scale[c];
            for tap in 0..taps {
                let w = weights[c * taps + tap];
                packed[(c / LANES) * quads + tap / 4][(c % LANES) * 4 + tap % 4] = w;
                sums[c] -= i32::from(input_zero) * i32::from(w);
            }
        }
        Depthwise { shape, weights: packed, bias: sums, scale: scales, output }
    }

    /// Whether the kernel has no more than [`MOST_TAPS`] taps and the buffers hold all that code with pointers touches.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "used by kernels of x86-64"))]
    pub fn fits(&self, src: &[u8], dst: &[u8]) -> bool {
        let long_enough = src.len() >= self.shape.source_bytes() && dst.len() >= self.shape.output.used();
        self.shape.taps.len() <= MOST_TAPS && long_enough
    }

    /// Byte offsets of row `y` of a plane: of its first source pixel, before a tap is added, and of its result.
    #[inline(always)]
    pub fn row_offsets(&self, plane: usize, y: usize) -> (usize, usize) {
        let (input, output) = (&self.shape.input, &self.shape.output);
        (plane * input.plane() + self.shape.source_row(y), plane * output.plane() + output.row_start(y))
    }
}

/// Taps of the largest depthwise kernel, five by five.
pub const MOST_TAPS: usize = 25;

/// Runs over the whole feature map.
#[inline(always)]
pub fn run(job: &Depthwise, src: &[u8], dst: &mut [u8]) {
    let shape = &job.shape;
    let (output, quads) = (&shape.output, shape.taps.len().div_ceil(4));
    let mut wide = [[0i16; GROUP]; MOST_TAPS];
    for p in 0..output.planes() {
        let weights = &job.weights[p * quads..(p + 1) * quads];
        for (t, wide) in wide.iter_mut().enumerate().take(shape.taps.len()) {
            for (i, w) in wide.iter_mut().enumerate() {
                *w = i16::from(weights[t / 4][(i % LANES) * 4 + t % 4]);
            }
        }
        let (mut bias, mut scale) = ([0i32; GROUP], [0f32; GROUP]);
        for i in 0..GROUP {
            bias[i] = job.bias[p * LANES + i % LANES];
            scale[i] = job.scale[p * LANES + i % LANES];
        }
        for y in 0..output.height {
            let (from, at) = job.row_offsets(p, y);
            let result = &mut dst[at..at + output.width * LANES];
            for (i, out) in result.chunks_mut(GROUP).enumerate() {
                let start = from + i * GROUP * shape.stride_x;
                let mut sums = bias;
                for (tap, w) in shape.taps.iter().zip(&wide) {
                    let near = load(&src[start + tap..], shape.stride_x, out.len() / LANES);
                    for i in 0..GROUP {
                        sums[i] += i32::from(i16::from(near[i]) * w[i]);
                    }
                }
                let mut bytes = [0u8; GROUP];
                for i in 0..GROUP {
                    bytes[i] = job.output.quantise(sums[i] as f32 * scale[i]);
                }
                match <&mut [u8; GROUP]>::try_from(&mut *out) {
                    Ok(whole) => *whole = bytes,
                    Err(_) => out.copy_from_slice(&bytes[..out.len()]),
                }
            }
        }
    }
}

/// `pixels` pixels, `stride` apart; the rest of the group is of no use.
#[inline(always)]
fn load(src: &[u8], stride: usize, pixels: usize) -> [u8; GROUP] {
    if stride == 1
        && let Some((group, _)) = src.split_first_chunk::<GROUP>()
    {
        return *group;
    }
    let mut group = [0u8; GROUP];
    for (x, pixel) in group.chunks_exact_mut(LANES).enumerate().take(pixels) {
        let at = x * stride * LANES;
        pixel.copy_from_slice(&src[at..at + LANES]);
    }
    group
}
