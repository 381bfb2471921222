//! What is trained, on what, and how.

use burn::tensor::Device;
use xray_core::preprocess::Preprocessing;

use super::{BackboneRecipe, Subclasses, Teacher};
use crate::backbones::TrainedLayers;
use crate::data::Item;
use crate::weights::WeightSet;

/// How often images of each group are shown in a pass.
#[derive(Debug, Clone, Copy)]
pub struct GroupShares<'a> {
    /// The group of each training image; empty where each image is shown once.
    pub groups: &'a [usize],
    /// The weight of each group, above 0: each has a share of a pass that is proportional to it.
    pub weights: &'a [f64],
}

/// The images of a training and how they are drawn. All of them can be read.
#[derive(Debug, Clone, Copy)]
pub struct BackboneImages<'a> {
    /// Both classes occur.
    pub train: &'a [Item],
    /// Scored as they are after every pass.
    pub validation: &'a [Item],
    pub shares: GroupShares<'a>,
    /// Of the training images.
    pub subclasses: &'a Subclasses,
    /// Seeds the draws, which [`BackboneRecipe::hardening`] describes.
    pub draw_seed: u64,
    /// But for its size, which [`BackboneRecipe::sizes`] says.
    pub preprocessing: &'a Preprocessing,
}

/// What is trained, on what, and how.
#[derive(Debug, Clone, Copy)]
pub struct BackboneJob<'a> {
    pub set: &'a WeightSet,
    /// At least one.
    pub layers: &'a TrainedLayers,
    pub images: BackboneImages<'a>,
    pub recipe: &'a BackboneRecipe,
    /// Seeds the order of the images, dropout and the first weights of a projection.
    pub seed: u64,
    /// Weights of the negative and the positive class in the loss; none: both weigh the same.
    pub class_weights: Option<[f32; 2]>,
    pub teacher: Option<&'a Teacher>,
    pub device: &'a Device,
}
