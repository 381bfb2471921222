//! Converts arrays to burn layers and back.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Flag, Param, RunningState};
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};

use crate::weights::{Array, Padding, WeightSet, WeightsError};

/// Reads layers out of a weight set whose shapes were checked before.
pub(crate) struct LayerLoader<'a> {
    pub(crate) set: &'a WeightSet,
    pub(crate) device: &'a Device,
    pub(crate) trained: &'a TrainedLayers,
}

/// Which layers of a net are trained.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrainedLayers {
    /// Their names, torchvision's.
    pub layers: BTreeSet<String>,
    /// Whether BatchNorm normalises by the batch while training and moves its running statistics; else they stay
    /// as they are, and of a trained BatchNorm scale and shift only are trained.
    pub statistics: bool,
}

/// What a convolution does beside its weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvGeometry {
    /// Step in both directions, in pixels.
    pub(crate) step: usize,
    /// Rows and columns of zeros on each side, in pixels.
    pub(crate) pad: usize,
    pub(crate) groups: usize,
}

impl ConvGeometry {
    /// Step 1, no padding, one group.
    pub(crate) const POINT: ConvGeometry = ConvGeometry { step: 1, pad: 0, groups: 1 };
}

impl LayerLoader<'_> {
    fn tensor<const D: usize>(&self, name: &str) -> Result<Tensor<D>, WeightsError> {
        let array = self.set.tensor(name)?;
        let data = TensorData::new(array.data.clone(), array.shape.clone());
        Ok(Tensor::from_data(data, self.device))
    }

    /// A convolution without bias.
    pub(crate) fn conv(&self, layer: &str, stride: ConvGeometry) -> Result<Conv2d, WeightsError> {
        let weight: Tensor<4> = self.tensor(&format!("{layer}.weight"))?;
        let [_, _, height, width] = weight.dims();
        Ok(Conv2d {
            weight: Param::from_tensor(weight).set_require_grad(self.trained.layers.contains(layer)),
            bias: None,
            stride: [stride.step; 2],
            kernel_size: [height, width],
            dilation: [1, 1],
            groups: stride.groups,
            padding: self.padding(stride),
        })
    }

    /// BatchNorm: where its statistics are not trained, the running ones are used also on a device that records
    /// gradients.
    pub(crate) fn norm(&self, layer: &str) -> Result<BatchNorm, WeightsError> {
        let part = |tensor: &str| self.tensor::<1>(&format!("{layer}.{tensor}"));
        let trained = self.trained.layers.contains(layer);
        Ok(BatchNorm {
            gamma: Param::from_tensor(part("weight")?).set_require_grad(trained),
            beta: Param::from_tensor(part("bias")?).set_require_grad(trained),
            training: Param::<Flag>::from_bool(trained && self.trained.statistics),
            running_mean: RunningState::new(part("running_mean")?),
            running_var: RunningState::new(part("running_var")?),
            momentum: 0.1,
            epsilon: f64::from(self.set.conventions.bn_epsilon),
        })
    }

    /// Inputs are multiples of 32, so every map that meets a stride of 2 is even, and Keras's `correct_pad`
    /// (keras/applications/imagenet_utils.py) comes out as one pixel less above and on the left.
    fn padding(&self, stride: ConvGeometry) -> PaddingConfig2d {
        let ConvGeometry { step, pad, .. } = stride;
        match self.set.conventions.padding {
            Padding::TopLeftShort if step == 2 && pad > 0 => {
                PaddingConfig2d::Explicit(pad - 1, pad - 1, pad, pad)
            }
            _ if pad == 0 => PaddingConfig2d::Valid,
            _ => PaddingConfig2d::Explicit(pad, pad, pad, pad),
        }
    }
}

/// Takes arrays out of burn layers, under the names that [`LayerLoader`] reads.
#[derive(Debug, Default)]
pub(crate) struct TensorCollector {
    pub(crate) tensors: BTreeMap<String, Array>,
    /// The error of the device if a tensor could not be read.
    pub(crate) failure: Option<String>,
}

impl TensorCollector {
    fn put<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        let shape = tensor.dims().to_vec();
        let data = tensor.try_into_data().map_err(|error| format!("{error:?}"));
        match data.and_then(|data| data.try_to_vec::<f32>().map_err(|error| format!("{error:?}"))) {
            Ok(data) => {
                self.tensors.insert(name, Array { shape, data });
            }
            Err(reason) => self.failure = Some(format!("{name}: {reason}")),
        }
    }

    /// A convolution.
    pub(crate) fn conv(&mut self, layer: &str, conv: &Conv2d) {
        self.put(format!("{layer}.weight"), conv.weight.val());
    }

    pub(crate) fn norm(&mut self, layer: &str, norm: &BatchNorm) {
        self.put(format!("{layer}.weight"), norm.gamma.val());
        self.put(format!("{layer}.bias"), norm.beta.val());
        self.put(format!("{layer}.running_mean"), norm.running_mean.value_sync());
        self.put(format!("{layer}.running_var"), norm.running_var.value_sync());
    }
}
