//! The quality gate that a model file brings: which images may have a score.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a centre in the feature space stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CentroidKind {
    /// X-rays that lie on a side or upside down.
    Turned,
    /// X-rays with black and white exchanged.
    Inverted,
    /// Images that are no X-rays.
    #[serde(rename = "strange")]
    OutOfDistribution,
}

/// Numbers of a model file: little-endian float32 in base64.
#[derive(Debug, Clone, PartialEq)]
pub struct Base64Floats(pub Vec<f32>);

/// Where images of one kind are in the feature space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Centroid {
    /// What these images are.
    pub kind: CentroidKind,
    /// The mean of their coordinates, whitened; [`QualityGateRecord::dims`] of them.
    pub at: Base64Floats,
    /// An image is of this kind if its squared distance from the upright X-rays exceeds that from here by more than
    /// this; 0 or more.
    pub margin: f64,
}

/// How often the gate was wrong on the validation images that its limits were chosen on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityGateFit {
    /// Forms of training images that it was fitted on: each as it is and changed.
    pub fitted_on: usize,
    /// Forms of validation images: each as it is and changed as other devices and hands might have taken them.
    pub validation: usize,
    /// How many of these are refused all the same.
    pub refused: usize,
}

/// A gate in the space of the pooled features; [`crate::quality_gate`] says how it is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityGateRecord {
    /// Dimensions after the projection.
    pub dims: usize,
    /// Mean of each feature over upright X-rays.
    pub mean: Base64Floats,
    /// What each feature, less its mean, is multiplied by before it is projected.
    pub scale: Base64Floats,
    /// The lower triangle, row by row, of the matrix that whitens the coordinates of upright X-rays.
    pub whitening: Base64Floats,
    /// The greatest distance from the upright X-rays.
    pub limit: f64,
    /// Where other images are.
    pub centres: Vec<Centroid>,
    /// What it was fitted on.
    pub fit: QualityGateFit,
}

/// Dimensions that a gate may have.
const DIMS: std::ops::RangeInclusive<usize> = 1..=512;
/// Centres that a gate may have.
const MOST_CENTRES: usize = 64;

impl QualityGateRecord {
    /// Whether its parts fit each other and a model with so many features.
    ///
    /// # Errors
    /// What does not hold, in words.
    pub(super) fn check(&self, features: usize) -> Result<(), String> {
        if !DIMS.contains(&self.dims) {
            return Err(format!("the gate has {} dimensions; 1 to 512 were expected", self.dims));
        }
        if self.centres.len() > MOST_CENTRES {
            return Err(format!(
                "the gate has {} centres; at most {MOST_CENTRES} were expected",
                self.centres.len()
            ));
        }
        let triangle = self.dims * (self.dims + 1) / 2;
        let lengths = [
            ("mean", &self.mean, features),
            ("scale", &self.scale, features),
            ("whitening", &self.whitening, triangle),
        ];
        let centres = self.centres.iter().map(|centre| ("centre", &centre.at, self.dims));
        for (name, numbers, expected) in lengths.into_iter().chain(centres) {
            if numbers.0.len() != expected {
                return Err(format!("the gate's {name} has {} numbers, not {expected}", numbers.0.len()));
            }
            if !numbers.0.iter().all(|number| number.is_finite()) {
                return Err(format!("the gate's {name} holds what is no number"));
            }
        }
        let margins = self.centres.iter().map(|centre| centre.margin);
        if let Some(wrong) =
            margins.chain([self.limit]).find(|number| !(number.is_finite() && *number >= 0.0))
        {
            return Err(format!("a limit of the gate is {wrong}"));
        }
        Ok(())
    }
}

impl Serialize for Base64Floats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|number| number.to_le_bytes()).collect();
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Base64Floats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        let (numbers, []) = bytes.as_chunks::<4>() else {
            return Err(D::Error::custom(format!("{} bytes are no float32 numbers", bytes.len())));
        };
        Ok(Base64Floats(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()))
    }
}
