//! Loads images from their files and prepares them for the backbones.

use burn::tensor::{Device, Tensor};
use rayon::prelude::*;
use xray_core::preprocess::InputTensor;

use super::{FineTuneError, TuningImages};
use crate::backbones::input_adapter;
use crate::data::Item;
use crate::decoding;
use crate::features::{View, batch_tensor};
use crate::weights::Conventions;

/// Loads and prepares images.
pub(super) struct ImageLoader<'a> {
    pub images: TuningImages<'a>,
    /// Of each backbone.
    pub conventions: Vec<Conventions>,
}

impl ImageLoader<'_> {
    /// Reads and prepares images.
    pub fn prepare(&self, wanted: &[(&Item, &View)]) -> Result<Vec<InputTensor>, FineTuneError> {
        let prepare = |(item, view): &(&Item, &View)| {
            let failed = |reason: String| FineTuneError::Image { path: item.path.clone(), reason };
            let image = decoding::read_file(&item.path).map_err(|error| failed(error.problem.to_string()))?;
            let tensor = view.prepare(&image, &item.sha256, self.images.preprocessing);
            tensor.map_err(|error| failed(error.to_string()))
        };
        wanted.par_iter().map(prepare).collect()
    }

    /// Prepared images as each net takes them, `[images, 3, size, size]`.
    pub fn tensors(&self, inputs: &[InputTensor], device: &Device) -> Vec<Tensor<4>> {
        let inputs: Vec<&InputTensor> = inputs.iter().collect();
        let preprocessing = self.images.preprocessing;
        let of_net = |conventions: &Conventions| {
            let adapter = input_adapter(preprocessing.scaling, conventions);
            batch_tensor(&inputs, preprocessing.size, adapter, device)
        };
        self.conventions.iter().map(of_net).collect()
    }
}
