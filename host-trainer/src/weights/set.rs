//! The weights of one backbone, under torchvision's names and in torchvision's layout, whatever file they
//! came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::WeightsError;
use crate::architectures::BackboneKind;

/// A dense float32 tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Dimensions; convolutions are `[out, in / groups, height, width]`, linear layers `[out, in]`.
    pub shape: Vec<usize>,
    /// Elements, as many as the product of `shape`.
    pub data: Vec<f32>,
}

/// How a net pads its convolutions of stride 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// The same on both sides, as torchvision does.
    Symmetric,
    /// One pixel less above and on the left, as Keras does in MobileNetV2 for even sizes.
    TopLeftShort,
}

/// The conventions of the framework that a net was trained in; part of what its weights mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conventions {
    /// Padding at stride 2.
    pub padding: Padding,
    /// Added to the variance in BatchNorm: 1e-5 (torch), 1e-3 or 1.001e-5 (Keras).
    pub bn_epsilon: f32,
    /// Mean per channel that the net expects to be taken off pixels in 0..1.
    pub input_mean: [f32; 3],
    /// Standard deviation per channel that the net expects pixels to be divided by.
    pub input_std: [f32; 3],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Provenance {
    /// Read from a file.
    File {
        /// Its name without the folder.
        name: String,
        /// Its SHA-256 (hex).
        sha256: String,
        /// `torchvision` or `keras`.
        framework: String,
    },
    /// Drawn at random; for demos and tests only.
    Random { seed: u64 },
    /// Trained further from other weights.
    FineTuned {
        /// A description of the source of those weights.
        from: String,
        /// The first layer that was trained, or `all`.
        unfrozen: String,
        /// Whether those were drawn at random.
        random: bool,
    },
    /// Kept from an exported model.
    Model {
        /// SHA-256 (hex) of the model file.
        sha256: String,
        /// A description of the source of that model's weights.
        weights: String,
        /// Whether they were drawn at random then.
        random: bool,
    },
}

impl Provenance {
    /// Whether the weights were drawn at random, so that figures prove the program and nothing else.
    pub fn is_random(&self) -> bool {
        matches!(
            self,
            Provenance::Random { .. }
                | Provenance::Model { random: true, .. }
                | Provenance::FineTuned { random: true, .. }
        )
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Provenance::File { name, sha256, framework } => {
                write!(f, "{name} ({framework}, sha256 {})", sha256.get(..12).unwrap_or(sha256))
            }
            Provenance::Random { seed } => write!(f, "random (seed {seed})"),
            Provenance::FineTuned { from, unfrozen, .. } => write!(f, "{from}, trained further ({unfrozen})"),
            Provenance::Model { weights, .. } => f.write_str(weights),
        }
    }
}

/// The feature extractor weights of one backbone.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightSet {
    pub backbone: BackboneKind,
    pub conventions: Conventions,
    pub provenance: Provenance,
    /// Tensors by torchvision's names, such as `features.conv0.weight`.
    pub tensors: BTreeMap<String, Array>,
}

impl WeightSet {
    /// The tensor with this name.
    ///
    /// # Errors
    /// [`WeightsError::Missing`] if there is none.
    pub fn tensor(&self, name: &str) -> Result<&Array, WeightsError> {
        self.tensors.get(name).ok_or_else(|| WeightsError::Missing {
            backbone: self.backbone.name().to_owned(),
            tensors: vec![name.to_owned()],
        })
    }

    /// SHA-256 (hex) over conventions, names, shapes and elements: the identity of these weights.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let c = &self.conventions;
        hash.update(self.backbone.name());
        hash.update([matches!(c.padding, Padding::TopLeftShort) as u8]);
        for value in [&[c.bn_epsilon][..], &c.input_mean, &c.input_std] {
            hash.update(bytemuck::cast_slice::<f32, u8>(value));
        }
        for (name, array) in &self.tensors {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update((array.shape.len() as u64).to_le_bytes());
            for dim in &array.shape {
                hash.update((*dim as u64).to_le_bytes());
            }
            hash.update(bytemuck::cast_slice::<f32, u8>(&array.data));
        }
        xray_core::hex(&hash.finalize())
    }
}
