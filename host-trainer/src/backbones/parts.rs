//! From arrays to burn layers.

use burn::module::{Flag, Param, RunningState};
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};

use crate::weights::{Padding, WeightSet, WeightsError};

/// Reads layers out of a weight set whose shapes were checked before.
pub(crate) struct Parts<'a> {
    /// Where the arrays are.
    pub(crate) set: &'a WeightSet,
    /// Where the tensors shall be.
    pub(crate) device: &'a Device,
}

/// What a convolution does beside its weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stride {
    /// Step in both directions, in pixels.
    pub(crate) step: usize,
    /// Rows and columns of zeros on each side, in pixels.
    pub(crate) pad: usize,
    /// Number of groups.
    pub(crate) groups: usize,
}

impl Stride {
    /// Step 1, no padding, one group.
    pub(crate) const POINT: Stride = Stride { step: 1, pad: 0, groups: 1 };
}

impl Parts<'_> {
    fn tensor<const D: usize>(&self, name: &str) -> Result<Tensor<D>, WeightsError> {
        let array = self.set.tensor(name)?;
        let data = TensorData::new(array.data.clone(), array.shape.clone());
        Ok(Tensor::from_data(data, self.device))
    }

    /// A convolution without bias.
    pub(crate) fn conv(&self, layer: &str, stride: Stride) -> Result<Conv2d, WeightsError> {
        let weight: Tensor<4> = self.tensor(&format!("{layer}.weight"))?;
        let [_, _, height, width] = weight.dims();
        Ok(Conv2d {
            weight: Param::from_tensor(weight).set_require_grad(false),
            bias: None,
            stride: [stride.step; 2],
            kernel_size: [height, width],
            dilation: [1, 1],
            groups: stride.groups,
            padding: self.padding(stride),
        })
    }

    /// Frozen BatchNorm: the running statistics are always used, also on a device that records gradients.
    pub(crate) fn norm(&self, layer: &str) -> Result<BatchNorm, WeightsError> {
        let part = |tensor: &str| self.tensor::<1>(&format!("{layer}.{tensor}"));
        Ok(BatchNorm {
            gamma: Param::from_tensor(part("weight")?).set_require_grad(false),
            beta: Param::from_tensor(part("bias")?).set_require_grad(false),
            training: Param::<Flag>::from_bool(false),
            running_mean: RunningState::new(part("running_mean")?),
            running_var: RunningState::new(part("running_var")?),
            momentum: 0.1,
            epsilon: f64::from(self.set.conventions.bn_epsilon),
        })
    }

    /// Inputs are multiples of 32, so every map that meets a stride of 2 is even, and Keras's `correct_pad`
    /// (keras/applications/imagenet_utils.py) comes out as one pixel less above and on the left.
    fn padding(&self, stride: Stride) -> PaddingConfig2d {
        let Stride { step, pad, .. } = stride;
        match self.set.conventions.padding {
            Padding::TopLeftShort if step == 2 && pad > 0 => {
                PaddingConfig2d::Explicit(pad - 1, pad - 1, pad, pad)
            }
            _ if pad == 0 => PaddingConfig2d::Valid,
            _ => PaddingConfig2d::Explicit(pad, pad, pad, pad),
        }
    }
}
