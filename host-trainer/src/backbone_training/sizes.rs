//! How many passes there are, and how large the images of each are.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::BackboneTrainingError;

/// Strides of the backbones multiply to this, so that the side of an image is a multiple of it.
const STRIDE: usize = 32;
/// Least and largest side, in pixels.
const SIDES: std::ops::RangeInclusive<usize> = 64..=1024;

/// Passes over the training images and the side of the images in each, in pixels. As text: `4x128,2x160,3x224`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sizes(Vec<(usize, usize)>);

impl Default for Sizes {
    fn default() -> Self {
        Sizes(vec![(4, 128), (2, 160), (3, 224)])
    }
}

impl Sizes {
    /// The side of the images in each pass, at least one.
    pub fn of_passes(&self) -> Vec<usize> {
        self.0.iter().flat_map(|(passes, side)| std::iter::repeat_n(*side, *passes)).collect()
    }
}

impl FromStr for Sizes {
    type Err = BackboneTrainingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |part: &str| {
            let (passes, side) = part.trim().split_once('x')?;
            let (passes, side) = (passes.parse().ok()?, side.parse().ok()?);
            let usable = (1..=1000).contains(&passes) && SIDES.contains(&side) && side % STRIDE == 0;
            usable.then_some((passes, side))
        };
        let parts: Option<Vec<(usize, usize)>> = text.split(',').map(part).collect();
        parts.map(Sizes).ok_or_else(|| BackboneTrainingError::Sizes { given: text.to_owned() })
    }
}

impl TryFrom<String> for Sizes {
    type Error = BackboneTrainingError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Sizes> for String {
    fn from(sizes: Sizes) -> String {
        sizes.to_string()
    }
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(passes, side)| format!("{passes}x{side}")).collect();
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn passes_and_sides_are_read_and_written() {
        let sizes: Sizes = "1x64, 2x96".parse().unwrap();
        assert_eq!(sizes.of_passes(), [64, 96, 96]);
        assert_eq!(sizes.to_string(), "1x64,2x96");
        assert_eq!(Sizes::default().to_string(), "4x128,2x160,3x224");
        assert_eq!(Sizes::default().of_passes().len(), 9);
        for wrong in ["", "128", "0x128", "2x100", "2x32", "x64", "2x64,", "2x2048", "-1x64"] {
            assert!(wrong.parse::<Sizes>().is_err(), "{wrong}");
        }
    }
}
