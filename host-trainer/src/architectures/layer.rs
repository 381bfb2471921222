//! A layer of a net: torchvision's name, kind and shape.

/// What kind of layer it is, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayerKind {
    /// A convolution without bias; `[out, in / groups, height, width]`.
    Conv([usize; 4]),
    /// A convolution without bias and with one group a channel; `[channels, 1, height, width]`.
    Depthwise([usize; 4]),
    /// BatchNorm over this many channels.
    Norm(usize),
}

/// One layer that carries weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Torchvision's module path, such as `features.conv0`.
    pub(crate) name: String,
    pub(crate) kind: LayerKind,
}

/// The tensors of a BatchNorm layer, by torchvision's names.
pub(crate) const NORM_TENSORS: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

impl Layer {
    /// A square convolution from `input` to `output` channels.
    pub(crate) fn conv(name: impl Into<String>, input: usize, output: usize, kernel: usize) -> Self {
        Layer { name: name.into(), kind: LayerKind::Conv([output, input, kernel, kernel]) }
    }

    /// A square depthwise convolution.
    pub(crate) fn depthwise(name: impl Into<String>, channels: usize, kernel: usize) -> Self {
        Layer { name: name.into(), kind: LayerKind::Depthwise([channels, 1, kernel, kernel]) }
    }

    /// BatchNorm.
    pub(crate) fn norm(name: impl Into<String>, channels: usize) -> Self {
        Layer { name: name.into(), kind: LayerKind::Norm(channels) }
    }

    /// Names and shapes of the tensors of this layer.
    pub(crate) fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        match self.kind {
            LayerKind::Conv(shape) | LayerKind::Depthwise(shape) => {
                vec![(format!("{}.weight", self.name), shape.to_vec())]
            }
            LayerKind::Norm(channels) => NORM_TENSORS
                .iter()
                .map(|tensor| (format!("{}.{tensor}", self.name), vec![channels]))
                .collect(),
        }
    }
}
