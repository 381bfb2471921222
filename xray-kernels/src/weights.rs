//! Weights of one convolution in the order in which a kernel reads them.

use std::ops::Range;

use super::block8::{Block8, OUTPUTS, Strip};
use super::conv_shape::ConvShape;
use super::layout::LANES;
use super::requantise::Requantisation;

/// Output channels that are computed side by side.
pub const BLOCK: usize = 16;

/// Weights of [`BLOCK`] output channels by [`LANES`] input channels at one tap; one cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Line(pub [i8; BLOCK * LANES]);

/// The order inside a [`Line`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "no kernel of an architecture may want one of them")]
pub enum Packing {
    /// `[output][input 0..4]`, for instructions that sum four products (VNNI, SDOT).
    Quad,
    /// `[input / 2][output][input % 2]`, for instructions that sum two products (SMULL + SADALP).
    Pair,
    /// `Block8`s of one strip a bin, for registers of 256 bits and instructions that sum four products.
    Block8,
    /// `Block8`s whose bins fit 16 bits, for instructions that sum two products there (`vpmaddubsw`).
    Block8Bins,
}

/// What a kernel wants to be fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightLayout {
    /// Order of the weights.
    pub packing: Packing,
    /// True if the kernel takes activations 128 off as signed bytes; the bias then makes up for it.
    pub signed: bool,
}

/// A convolution (not depthwise) ready for one kind of kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct PackedConv {
    /// In the order that the kernel wants.
    pub weights: Weights,
    /// Added to the sum, per output channel, padded to whole blocks. Holds the model's bias, the input's zero
    /// point and, for signed kernels, the shift by 128.
    pub bias: Vec<i32>,
    /// Input scale times weight scale over output scale, per output channel, padded to whole blocks.
    pub scale: Vec<f32>,
    /// Rounding and clamping.
    pub output: Requantisation,
}

/// Packed weights.
#[derive(Debug, Clone, PartialEq)]
pub enum Weights {
    /// `[output block][tap][input plane]`, one line each.
    Lines(Vec<Line>),
    /// One for each eight output channels.
    Blocks8(Vec<Block8>),
}

impl Weights {
    /// The lines; none if they were packed otherwise, which [`super::conv`] does not let happen.
    pub fn lines(&self) -> &[Line] {
        match self {
            Weights::Lines(lines) => lines,
            Weights::Blocks8(_) => &[],
        }
    }

    /// The blocks of eight output channels; none if they were packed otherwise, which [`super::conv`] does not let happen.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "read by kernels of x86-64"))]
    pub fn blocks8(&self) -> &[Block8] {
        match self {
            Weights::Lines(_) => &[],
            Weights::Blocks8(blocks8) => blocks8,
        }
    }

    /// Whether they are packed as `packing` says, cover every output of `shape` and read nothing beyond its taps
    /// and planes.
    pub fn fit(&self, packing: Packing, shape: &ConvShape) -> bool {
        match (self, packing) {
            (Weights::Lines(lines), Packing::Quad | Packing::Pair) => {
                lines.len() == shape.output.channels.div_ceil(BLOCK) * shape.taps.len() * shape.input.planes()
            }
            (Weights::Blocks8(blocks8), Packing::Block8 | Packing::Block8Bins) => {
                blocks8.len() == shape.output.channels.div_ceil(OUTPUTS)
                    && blocks8.iter().all(|block8| block8.reach() <= shape.reach())
            }
            _ => false,
        }
    }
}

/// Plain weights of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct ConvWeights<'a> {
    /// `[output][input][taps]`, -127 to 127.
    pub weights: &'a [i8],
    /// Output channels.
    pub outputs: usize,
    /// Input channels.
    pub inputs: usize,
    /// Kernel height times width.
    pub taps: usize,
    /// Per output channel, in units of input scale times weight scale.
    pub bias: &'a [i32],
    /// Per output channel: input scale times weight scale over output scale.
    pub scale: &'a [f32],
    /// Zero point of the input.
    pub input_zero: u8,
}

impl PackedConv {
    /// Packs `plain` for a kernel of that `weight_layout` and feature maps of that `shape`.
    pub fn new(
        plain: &ConvWeights<'_>,
        shape: &ConvShape,
        output: Requantisation,
        weight_layout: WeightLayout,
    ) -> PackedConv {
        let blocks = plain.outputs.div_ceil(BLOCK);
        let mut bias = vec![0; blocks * BLOCK];
        let mut scale = vec![0.0; blocks * BLOCK];
        bias[..plain.outputs].copy_from_slice(plain.bias);
        scale[..plain.outputs].copy_from_slice(plain.scale);
        let offset = i32::from(plain.input_zero) - if weight_layout.signed { 128 } else { 0 };
        for (bias, weights) in bias.iter_mut().zip(plain.weights.chunks_exact(plain.inputs * plain.taps)) {
            *bias -= offset * weights.iter().map(|w| i32::from(*w)).sum::<i32>();
        }
        let weights = match weight_layout.packing {
            Packing::Quad | Packing::Pair => Weights::Lines(plain.pack_lines(weight_layout.packing)),
            Packing::Block8 => Weights::Blocks8(plain.pack_blocks8(shape, Block8::plain)),
            Packing::Block8Bins => Weights::Blocks8(plain.pack_blocks8(shape, Block8::pack)),
        };
        PackedConv { weights, bias, scale, output }
    }

    /// The output channels of some blocks alone.
    pub fn blocks(&self, blocks: Range<usize>) -> PackedConv {
        let channels = blocks.start * BLOCK..blocks.end * BLOCK;
        let weights = match &self.weights {
            Weights::Lines(lines) => {
                let each = lines.len() / (self.bias.len() / BLOCK);
                Weights::Lines(lines[blocks.start * each..blocks.end * each].to_vec())
            }
            Weights::Blocks8(blocks8) => {
                let end = (channels.end / OUTPUTS).min(blocks8.len());
                Weights::Blocks8(blocks8[channels.start / OUTPUTS..end].to_vec())
            }
        };
        let (bias, scale) = (self.bias[channels.clone()].to_vec(), self.scale[channels].to_vec());
        PackedConv { weights, bias, scale, output: self.output }
    }
}

impl ConvWeights<'_> {
    fn pack_lines(&self, packing: Packing) -> Vec<Line> {
        let planes = self.inputs.div_ceil(LANES);
        let count = self.outputs.div_ceil(BLOCK) * self.taps * planes;
        let mut lines = vec![Line([0; BLOCK * LANES]); count];
        for o in 0..self.outputs {
            for c in 0..self.inputs {
                for tap in 0..self.taps {
                    let (lane, within) = (o % BLOCK, c % LANES);
                    let at = match packing {
                        Packing::Pair => (within / 2) * 2 * BLOCK + lane * 2 + within % 2,
                        _ => lane * LANES + within,
                    };
                    lines[((o / BLOCK) * self.taps + tap) * planes + c / LANES].0[at] = self.at(o, c, tap);
                }
            }
        }
        lines
    }

    /// Packs the strips of each eight outputs, with the places that they have in a feature map of `shape`.
    fn pack_blocks8(&self, shape: &ConvShape, pack: impl Fn(&[(Strip, u32)]) -> Block8) -> Vec<Block8> {
        let (planes, plane) = (self.inputs.div_ceil(LANES), shape.input.plane());
        let place = |i: usize| (shape.taps[i / planes] + i % planes * plane) as u32;
        let empty: Vec<(Strip, u32)> =
            (0..self.taps * planes).map(|i| (Strip([0; OUTPUTS * LANES]), place(i))).collect();
        let mut blocks8 = Vec::with_capacity(self.outputs.div_ceil(OUTPUTS));
        for first in (0..self.outputs).step_by(OUTPUTS) {
            let mut strips = empty.clone();
            for o in first..self.outputs.min(first + OUTPUTS) {
                for c in 0..self.inputs {
                    for tap in 0..self.taps {
                        let at = (o - first) * LANES + c % LANES;
                        strips[tap * planes + c / LANES].0.0[at] = self.at(o, c, tap);
                    }
                }
            }
            blocks8.push(pack(&strips));
        }
        blocks8
    }

    fn at(&self, output: usize, input: usize, tap: usize) -> i8 {
        self.weights[(output * self.inputs + input) * self.taps + tap]
    }
}
