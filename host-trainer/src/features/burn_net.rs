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
        let elements: Vec<f32> = images.iter().flat_map(|image| image.as_slice()).copied().collect();
        let shape = [images.len(), 3, self.size, self.size];
        let mut batch = Tensor::<4>::from_data(TensorData::new(elements, shape), &self.device);
        if let Some((factor, summand)) = self.adapter {
            let channel = |values: [f32; 3]| {
                Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), &self.device)
            };
            batch = batch * channel(factor) + channel(summand);
        }
        let data = self.backbone.pooled(batch).try_into_data().map_err(|e| failed(format!("{e:?}")))?;
        let values = data.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
        Ok(values.chunks_exact(kind.features()).map(<[f32]>::to_vec).collect())
    }
}
