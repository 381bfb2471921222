//! The samples that a head is trained on.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use sha2::{Digest, Sha256};

/// Features with their labels.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// Of each image the features of its views, at least one; each as long as the features of the stack. An
    /// epoch draws one of them; scoring takes the first.
    pub views: Vec<Vec<Arc<[f32]>>>,
    /// `true` for the positive class; as many as `views`.
    pub labels: Vec<bool>,
    /// The group of each sample, from 0; empty where there is one group only. The best epoch is chosen by the group of
    /// validation samples that does worst.
    pub groups: Vec<usize>,
    /// The weight of each group of training samples, above 0: each has a share of an epoch that is proportional to it.
    /// Empty where an epoch shows each sample once.
    pub weights: Vec<f64>,
}

impl Samples {
    /// How many are of the positive class.
    pub fn positives(&self) -> usize {
        self.labels.iter().filter(|label| **label).count()
    }

    /// Features an image.
    pub(super) fn width(&self) -> usize {
        self.views.first().and_then(|views| views.first()).map_or(0, |row| row.len())
    }

    /// `[images, features]` of these images, each with the number of one of its views.
    pub(super) fn rows(&self, images: &[(usize, usize)], device: &Device) -> Tensor<2> {
        let width = self.width();
        let mut data = Vec::with_capacity(images.len() * width);
        images.iter().for_each(|(image, view)| data.extend_from_slice(&self.views[*image][*view]));
        Tensor::from_data(TensorData::new(data, [images.len(), width]), device)
    }

    /// Adds all numbers to a fingerprint.
    pub(super) fn hash(&self, hash: &mut Sha256) {
        for (views, label) in self.views.iter().zip(&self.labels) {
            hash.update([u8::from(*label)]);
            hash.update((views.len() as u64).to_le_bytes());
            views.iter().for_each(|row| hash.update(bytemuck::cast_slice::<f32, u8>(row)));
        }
        self.groups.iter().for_each(|group| hash.update((*group as u64).to_le_bytes()));
        self.weights.iter().for_each(|weight| hash.update(weight.to_le_bytes()));
    }
}
