//! Features from the backbones of an exported model, as the device computes them.

use rayon::prelude::*;
use xray_core::engine::Engine;
use xray_core::preprocess::InputTensor;

use super::FeatureError;
use super::feature_net::FeatureNet;

/// The backbones inside a model file, one image a core.
pub(super) struct ModelNet {
    pub engine: Box<dyn Engine>,
}

impl FeatureNet for ModelNet {
    fn pooled(&self, images: &[&InputTensor]) -> Result<Vec<Vec<f32>>, FeatureError> {
        images.par_iter().map(|image| Ok(self.engine.run(image)?.features().to_vec())).collect()
    }
}
