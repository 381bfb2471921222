//! What is done to an image between decoding and the engine. Recorded in the model package, so that a
//! model is always fed as it was trained.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Intensity;

/// Mean of the ImageNet training images per channel (RGB, pixel range 0..1).
/// Source: torchvision, "Models and pre-trained weights", the normalisation of all its classifiers.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];

/// Standard deviation of the ImageNet training images per channel (RGB, pixel range 0..1).
/// Source: as [`IMAGENET_MEAN`].
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// The named ways to scale pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Pixels divided by 255, minus [`IMAGENET_MEAN`], divided by [`IMAGENET_STD`].
    Imagenet,
    /// Pixels divided by 255 and nothing else: range 0..1.
    Unit,
}

impl Scaling {
    /// Mean that is taken off each channel after the division by 255.
    pub fn mean(self) -> [f32; 3] {
        match self {
            Scaling::Imagenet => IMAGENET_MEAN,
            Scaling::Unit => [0.0; 3],
        }
    }

    /// Standard deviation that each channel is divided by after the mean is taken off.
    pub fn std(self) -> [f32; 3] {
        match self {
            Scaling::Imagenet => IMAGENET_STD,
            Scaling::Unit => [1.0; 3],
        }
    }

    /// The name in packages and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scaling::Imagenet => "imagenet",
            Scaling::Unit => "unit",
        }
    }
}

/// The filter that brings an image to the input size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// Triangle filter whose support grows with the reduction, as Pillow's `BILINEAR` and torchvision's
    /// `Resize(antialias=True)`. The aspect ratio is not kept, as in the training set's literature.
    BilinearAntialias,
}

/// The preprocessing contract of a model.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// Width and height of the input in pixels; a multiple of 32, 64 or more.
    pub size: usize,
    /// How an image is brought to `size`.
    pub resize: Resize,
    /// What is done to its grey levels then. A contract without the key does nothing to them.
    #[serde(default, skip_serializing_if = "Intensity::is_none")]
    pub intensity: Intensity,
    /// How pixels become numbers.
    pub scaling: Scaling,
}

impl Preprocessing {
    /// The usual contract: 224 × 224, antialiased bilinear, levels as they are, with the given scaling.
    pub fn new(scaling: Scaling) -> Self {
        Preprocessing { size: 224, resize: Resize::BilinearAntialias, intensity: Intensity::None, scaling }
    }
}

/// Caches are keyed by this text: what a contract does not do is not named, so that features that were computed
/// before a step was invented stay known.
impl fmt::Debug for Preprocessing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Preprocessing");
        text.field("size", &self.size).field("resize", &self.resize);
        if !self.intensity.is_none() {
            text.field("intensity", &self.intensity);
        }
        text.field("scaling", &self.scaling).finish()
    }
}
