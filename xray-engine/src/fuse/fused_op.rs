//! What is recognised: an operator of the quantised graph from 8-bit tensors to an 8-bit or pooled float tensor.

use tract_core::internal::*;

use super::constant::{QuantisedTensor, Weights};

/// Channels, rows and columns.
pub(crate) type Shape = (usize, usize, usize);

/// A convolution with its requantisation.
#[derive(Debug, Clone)]
pub(crate) struct ConvOp {
    /// What it reads.
    pub input: QuantisedTensor,
    /// Per output channel.
    pub weights: Weights,
    /// Real values, per output channel.
    pub bias: Vec<f32>,
    /// Rows and columns between outputs.
    pub stride: (usize, usize),
    /// Padding above and on the left.
    pub pad: (usize, usize),
    /// Padding below and on the right.
    pub pad_after: (usize, usize),
    /// Least and greatest real value (ReLU, ReLU6).
    pub clip: (f32, f32),
}

/// Scale and shift per channel of a concatenation, a ReLU, and maybe the mean of two by two.
#[derive(Debug, Clone)]
pub(crate) struct AffineOp {
    /// What is concatenated.
    pub inputs: Vec<QuantisedTensor>,
    /// Channels of each input.
    pub channels: Vec<usize>,
    /// Real factor per channel.
    pub factor: Vec<f32>,
    /// Real summand per channel.
    pub summand: Vec<f32>,
    /// Whether a ReLU follows.
    pub relu: bool,
}

/// What a unit computes.
#[derive(Debug, Clone)]
pub(crate) enum OpKind {
    /// A convolution over all channels.
    Conv(ConvOp),
    /// A convolution of each channel with itself.
    Depthwise(ConvOp),
    /// BatchNorm, ReLU of a concatenation.
    Affine(AffineOp),
    /// The same, then the mean of two by two pixels with stride two.
    AffinePool(AffineOp),
    /// The same, then the sum over the whole feature map as float.
    AffineSum(AffineOp),
    /// Several of the same side by side, as float.
    Maps(Vec<AffineOp>),
    /// Maximum over windows: input, size, stride, padding.
    MaxPool(QuantisedTensor, usize, usize, usize),
    /// Sum of two tensors.
    Add(QuantisedTensor, QuantisedTensor),
}

impl OpKind {
    /// What it reads.
    pub fn inputs(&self) -> Vec<QuantisedTensor> {
        match self {
            OpKind::Conv(c) | OpKind::Depthwise(c) => vec![c.input],
            OpKind::Affine(a) | OpKind::AffinePool(a) | OpKind::AffineSum(a) => a.inputs.clone(),
            OpKind::Maps(all) => all.iter().flat_map(|a| a.inputs.clone()).collect(),
            OpKind::MaxPool(e, ..) => vec![*e],
            OpKind::Add(a, b) => vec![*a, *b],
        }
    }

    /// Padding that it needs around `input`.
    pub fn border(&self) -> usize {
        match self {
            OpKind::Conv(c) | OpKind::Depthwise(c) => {
                [c.pad.0, c.pad.1, c.pad_after.0, c.pad_after.1].into_iter().max().unwrap_or(0)
            }
            OpKind::MaxPool(.., pad) => *pad,
            _ => 0,
        }
    }

    /// Name for reports.
    pub fn name(&self) -> &'static str {
        match self {
            OpKind::Conv(c) if c.weights.shape[2] * c.weights.shape[3] == 1 => "1x1 convolution",
            OpKind::Conv(c) if c.stride.0 > 1 => "stem convolution",
            OpKind::Conv(_) => "convolution",
            OpKind::Depthwise(_) => "depthwise convolution",
            OpKind::Affine(_) => "concatenation, scale and shift, ReLU",
            OpKind::AffinePool(_) => "transition (concatenation, scale and shift, ReLU, mean pooling)",
            OpKind::AffineSum(_) => "global mean",
            OpKind::Maps(_) => "last maps as floats, for the heat map",
            OpKind::MaxPool(..) => "maximum pooling",
            OpKind::Add(..) => "residual addition",
        }
    }
}

/// A recognised operator.
#[derive(Debug, Clone)]
pub(crate) struct FusedOp {
    /// The outlet that it replaces: an 8-bit tensor, or a float one for `AffineSum` and `Maps`.
    pub output: OutletId,
    /// Scale and zero point of the output; unused where that is float.
    pub tensor: QuantisedTensor,
    /// Shape of the output.
    pub shape: Shape,
    /// What it computes.
    pub kind: OpKind,
}
