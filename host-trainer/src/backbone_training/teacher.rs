//! A trained backbone whose pooled features and output are targets of another one (Hinton 2015, arXiv:1503.02531).

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::preprocess::InputTensor;

use super::BackboneTrainingError;
use super::logistic_regression::{self, LinearOutput};
use crate::backbones::{Backbone, input_adapter};
use crate::features::batch_tensor;
use crate::weights::WeightSet;

/// A trained backbone with a linear output.
#[derive(Debug)]
pub struct Teacher {
    backbone: Backbone,
    output: LinearOutput,
    device: Device,
    fingerprint: String,
}

/// What a teacher says of a batch; nothing here records gradients.
pub(super) struct Taught {
    /// Pooled features, `[images, features]`.
    pub features: Tensor<2>,
    /// Probability of the finding, `[images]`.
    pub probabilities: Tensor<1>,
}

impl Teacher {
    /// Puts the backbone on `device` and fits its output by logistic regression on its pooled features of training images
    /// as they are, and their labels.
    ///
    /// # Errors
    /// [`BackboneTrainingError::TooFewImages`] if there are none of one class; [`BackboneTrainingError::Weights`] if the
    /// weights do not fit the net.
    pub fn new(
        set: &WeightSet,
        features: &[Arc<[f32]>],
        labels: &[bool],
        device: &Device,
    ) -> Result<Self, BackboneTrainingError> {
        if !labels.contains(&true) || !labels.contains(&false) {
            return Err(BackboneTrainingError::TooFewImages { backbone: set.backbone.name() });
        }
        let rows: Vec<&[f32]> = features.iter().map(|row| &row[..]).collect();
        let output = logistic_regression::fit(&rows, labels);
        let mut hash = Sha256::new();
        hash.update(set.fingerprint());
        hash.update(bytemuck::cast_slice::<f32, u8>(&output.weights));
        hash.update(output.bias.to_le_bytes());
        Ok(Teacher {
            backbone: Backbone::load(set, device)?,
            output,
            device: device.clone(),
            fingerprint: hex(&hash.finalize()),
        })
    }

    /// The number of its features.
    pub(super) fn width(&self) -> usize {
        self.output.weights.len()
    }

    /// SHA-256 (hex) over weights and output.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What it says of images that were prepared with `scaling`.
    pub(super) fn answers(
        &self,
        inputs: &[&InputTensor],
        scaling: xray_core::preprocess::Scaling,
        side: usize,
    ) -> Taught {
        let adapter = input_adapter(scaling, self.backbone.conventions());
        let features = self.backbone.pooled(batch_tensor(inputs, side, adapter, &self.device));
        let weights = TensorData::new(self.output.weights.clone(), [self.width(), 1]);
        let logits = features.clone().matmul(Tensor::from_data(weights, &self.device));
        let logits = logits.add_scalar(self.output.bias).reshape([inputs.len()]);
        Taught { features, probabilities: burn::tensor::activation::sigmoid(logits) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use xray_core::preprocess::{Preprocessing, Scaling, prepare};
    use xray_intake::Radiograph;

    use super::*;
    use crate::architectures::BackboneKind;

    #[test]
    fn its_output_tells_the_images_that_it_was_fitted_on() {
        let set = WeightSet::random(BackboneKind::MobilenetV2, 5);
        let device = Device::flex();
        let preprocessing = Preprocessing { size: 64, ..Preprocessing::new(Scaling::Imagenet) };
        // Dark and bright images with a pattern.
        let image = |level: usize| {
            let levels = (0..64 * 64).map(|at| (level + at * 7 % 50) as u8).collect();
            prepare(&Radiograph::from_grey(64, 64, levels).unwrap(), &preprocessing).unwrap()
        };
        let inputs: Vec<InputTensor> = [10, 150, 20, 160].map(image).into();
        let inputs: Vec<&InputTensor> = inputs.iter().collect();
        let labels = [false, true, false, true];
        let pooled = Backbone::load(&set, &device).unwrap().pooled(batch_tensor(&inputs, 64, None, &device));
        let rows = pooled.into_data().try_to_vec::<f32>().unwrap();
        let features: Vec<Arc<[f32]>> = rows.chunks(1280).map(Arc::from).collect();

        let teacher = Teacher::new(&set, &features, &labels, &device).unwrap();
        let taught = teacher.answers(&inputs, Scaling::Imagenet, 64);
        assert_eq!(taught.features.into_data().try_to_vec::<f32>().unwrap(), rows);
        let probabilities = taught.probabilities.into_data().try_to_vec::<f32>().unwrap();
        for ((row, label), probability) in features.iter().zip(labels).zip(probabilities) {
            let logit: f64 = row.iter().zip(&teacher.output.weights).map(|(a, b)| f64::from(a * b)).sum();
            let expected = 1.0 / (1.0 + (-logit - f64::from(teacher.output.bias)).exp());
            assert!((f64::from(probability) - expected).abs() < 1e-4, "{probability} against {expected}");
            assert_eq!(probability > 0.5, label);
        }
        let one_class = Teacher::new(&set, &features[..1], &labels[..1], &device);
        assert!(matches!(one_class, Err(BackboneTrainingError::TooFewImages { .. })));
    }
}
