//! The trait of nets that compute features.

use xray_core::preprocess::InputTensor;

use super::FeatureError;

/// Turns prepared images into pooled features, one row an image, in their order.
pub(super) trait FeatureNet: Send + Sync {
    fn pooled(&self, images: &[&InputTensor]) -> Result<Vec<Vec<f32>>, FeatureError>;
}
