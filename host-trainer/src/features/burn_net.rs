//! Features from a backbone that burn runs.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use xray_core::preprocess::{InputTensor, Preprocessing};

use super::FeatureError;
use super::feature_net::FeatureNet;
use crate::backbones::{Backbone, input_adapter};
use crate::weights::WeightSet;

/// A backbone on a compute device.
pub(super) struct BurnNet {
    backbone: Backbone,
    adapter: Option<([f32; 3], [f32; 3])>,
    size: usize,
    device: Device,
    /// Images that go through the net in one call.
    together: usize,
}

impl BurnNet {
    /// Puts a backbone on the device. Images go through it `together` at a time, as many such groups at once as there are
    /// cores: a CPU is kept busier by several images side by side than by one batch.
    ///
    /// # Errors
    /// [`FeatureError::Weights`] if the weights do not fit.
    pub fn new(
        set: &WeightSet,
        preprocessing: &Preprocessing,
        device: &Device,
        together: usize,
    ) -> Result<Self, FeatureError> {
        Ok(BurnNet {
            backbone: Backbone::load(set, device)?,
            adapter: input_adapter(preprocessing.scaling, &set.conventions),
            size: preprocessing.size,
            device: device.clone(),
            together,
        })
    }

    fn forward(&self, images: &[&InputTensor]) -> Result<Vec<Vec<f32>>, FeatureError> {
        let kind = self.backbone.kind();
        let failed = |reason: String| FeatureError::Device { backbone: kind.name(), reason };
        let batch = batch_tensor(images, self.size, self.adapter, &self.device);
        let data = self.backbone.pooled(batch).try_into_data().map_err(|e| failed(format!("{e:?}")))?;
        let values = data.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
        Ok(values.chunks_exact(kind.features()).map(<[f32]>::to_vec).collect())
    }
}

impl FeatureNet for BurnNet {
    fn pooled(&self, images: &[&InputTensor]) -> Result<Vec<Vec<f32>>, FeatureError> {
        let groups = images.par_chunks(self.together);
        let rows: Result<Vec<_>, _> = groups.map(|images| self.forward(images)).collect();
        Ok(rows?.concat())
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
