//! What is fine-tuned, on what, and how.

use burn::tensor::Device;
use xray_core::preprocess::Preprocessing;

use super::{FineTuneError, Unfreeze};
use crate::architectures::BackboneKind;
use crate::data::Item;
use crate::features::{View, Views};
use crate::head::{HeadWeights, TrainingConfig};
use crate::weights::WeightSet;

/// Options of fine-tuning.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FineTune {
    /// The layers that are trained.
    pub unfreeze: Unfreeze,
    /// Passes over the training images, at least 1.
    pub epochs: usize,
    /// Adam's learning rate for the backbones; the head keeps the rate of its own training.
    pub learning_rate: f64,
}

impl FineTune {
    /// Whether these backbones can be trained with these options.
    ///
    /// # Errors
    /// [`FineTuneError`] names what is missing or out of its range.
    pub fn check(&self, backbones: &[BackboneKind]) -> Result<(), FineTuneError> {
        self.unfreeze.layers(backbones)?;
        if self.epochs == 0 {
            return Err(FineTuneError::NoEpochs);
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(FineTuneError::Rate { value: self.learning_rate.to_string() });
        }
        Ok(())
    }
}

/// The images of a fine-tuning and how they are prepared.
#[derive(Debug, Clone, Copy)]
pub struct TuningImages<'a> {
    pub train: &'a [Item],
    /// Validation images in these views.
    pub validation: &'a [(&'a Item, &'a View)],
    /// Views of a training image.
    pub views: &'a Views,
    pub preprocessing: &'a Preprocessing,
}

/// What is trained, on what, and how.
#[derive(Debug, Clone, Copy)]
pub struct FineTuneJob<'a> {
    pub sets: &'a [WeightSet],
    /// Trained on the frozen backbones.
    pub head: &'a HeadWeights,
    pub images: TuningImages<'a>,
    pub options: &'a FineTune,
    /// The options that the head was trained with.
    pub training: &'a TrainingConfig,
    /// The first device makes the optimiser steps; all of them compute.
    pub devices: &'a [Device],
}
