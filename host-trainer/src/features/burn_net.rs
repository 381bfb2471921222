//! Features from a backbone that burn runs.

use burn::tensor::{Device, Tensor, TensorData};
use xray_core::preprocess::{InputTensor, Preprocessing};

use super::FeatureError;
use super::extract::FeatureNet;
use crate::backbones::{Backbone, input_adapter};
use crate::weights::WeightSet;

/// A backbone on a compute device.
pub(super) struct BurnNet {
    backbone: Backbone,
    adapter: Option<([f32; 3], [f32; 3])>,
    size: usize,
    device: Device,
}

impl BurnNet {
    /// Puts a backbone on the device.
    ///
    /// # Errors
    /// [`FeatureError::Weights`] if the weights do not fit.
    pub fn new(
        set: &WeightSet,
        preprocessing: &Preprocessing,
        device: &Device,
    ) -> Result<Self, FeatureError> {
        Ok(BurnNet {
            backbone: Backbone::load(set, device)?,
            adapter: input_adapter(preprocessing.scaling, &set.conventions),
            size: preprocessing.size,
            device: device.clone(),
        })
    }
}

impl FeatureNet for BurnNet {
    fn pooled(&self, images: &[&InputTensor]) -> Result<Vec<Vec<f32>>, FeatureError> {
        let kind = self.backbone.kind();
        let failed = |reason: String| FeatureError::Device { backbone: kind.name(), reason };
        let batch = batch_tensor(images, self.size, self.adapter, &self.device);
        let data = self.backbone.pooled(batch).try_into_data().map_err(|e| failed(format!("{e:?}")))?;
        let values = data.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
        Ok(values.chunks_exact(kind.features()).map(<[f32]>::to_vec).collect())
    }
}

/// Prepared images as a net takes them, `[images, 3, size, size]`; `adapter` is what
/// [`input_adapter`] gives.
pub(crate) fn batch_tensor(
    images: &[&InputTensor],
    size: usize,
    adapter: Option<([f32; 3], [f32; 3])>,
    device: &Device,
) -> Tensor<4> {
    let elements: Vec<f32> = images.iter().flat_map(|image| image.as_slice()).copied().collect();
    let batch = Tensor::from_data(TensorData::new(elements, [images.len(), 3, size, size]), device);
    let Some((factor, summand)) = adapter else { return batch };
    let channel =
        |values: [f32; 3]| Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), device);
    batch * channel(factor) + channel(summand)
}
