//! Grey levels brought into one form, so that a change of exposure between hospitals changes less of what a model
//! sees.
//!
//! It is done at the input size, after the resize. X-rays come as originals of megapixels and as images that were
//! reduced before: only at one size does a tile of a given number of pixels cover the same part of the chest in both.
//! It also takes the same time whatever the original's size.
//!
//! X-rays have no colour: an image of three channels is made grey first ([`Pixels::grey`]), and the result is grey.
//!
//! Every step is integer arithmetic, or float32 operations of IEEE 754 in a fixed order, none fused: the workstation
//! and the device give the same bytes.

mod clahe;
mod histogram;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::PreprocessError;
use xray_intake::Pixels;

/// What is done to the grey levels of an image of the input size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intensity {
    /// Nothing: the levels, and the colours, stay as they are.
    #[default]
    None,
    /// The histogram of the whole image is made flat; the same bytes as OpenCV's `equalizeHist`.
    Histogram,
    /// Contrast-limited adaptive histogram equalisation; the same bytes as OpenCV's `createCLAHE(…).apply`.
    Clahe(Clahe),
}

/// The two numbers of CLAHE (Zuiderveld 1994, *Graphics Gems IV*, VIII.5), with OpenCV's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clahe {
    /// Clip limit in hundredths: how many times its even share of a tile's pixels a level may hold before the rest
    /// is spread over all levels. 200 is OpenCV's `clipLimit=2.0`; 100 to 10 000.
    pub clip_hundredths: u32,
    /// Tiles across, and down: OpenCV's `tileGridSize=(tiles, tiles)`; 1 to 32, a divisor of the input size.
    pub tiles: u32,
}

/// OpenCV's tutorial values: clip limit 2, 8 × 8 tiles.
impl Default for Clahe {
    fn default() -> Self {
        Clahe { clip_hundredths: 200, tiles: 8 }
    }
}

impl Intensity {
    /// Whether the levels stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Intensity::None
    }

    /// Whether it can be done to an image of `size` × `size` pixels.
    ///
    /// # Errors
    /// [`PreprocessError::Intensity`] for a CLAHE outside of its ranges or whose tiles do not divide `size`.
    pub fn check(self, size: usize) -> Result<(), PreprocessError> {
        let Intensity::Clahe(Clahe { clip_hundredths, tiles }) = self else { return Ok(()) };
        let wrong = |reason| Err(PreprocessError::Intensity { intensity: self.to_string(), size, reason });
        if !(100..=10_000).contains(&clip_hundredths) {
            return wrong("the clip limit is not between 1 and 100");
        }
        if !(1..=32).contains(&tiles) || !size.is_multiple_of(tiles as usize) {
            return wrong("the number of tiles is not a divisor of the input size between 1 and 32");
        }
        Ok(())
    }

    /// Does it to the pixels of an image of `size` × `size`.
    ///
    /// # Errors
    /// As [`Intensity::check`].
    pub(super) fn apply(self, pixels: Pixels, size: usize) -> Result<Pixels, PreprocessError> {
        self.check(size)?;
        Ok(match self {
            Intensity::None => pixels,
            Intensity::Histogram => Pixels::Grey(histogram::equalise(&pixels.grey())),
            Intensity::Clahe(clahe) => Pixels::Grey(clahe::equalise(&pixels.grey(), size, clahe)),
        })
    }
}

/// The form of the command line: `none`, `histogram`, `clahe:2,8` (clip limit, tiles).
impl fmt::Display for Intensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Intensity::None => f.write_str("none"),
            Intensity::Histogram => f.write_str("histogram"),
            Intensity::Clahe(Clahe { clip_hundredths, tiles }) => {
                write!(f, "clahe:{},{tiles}", f64::from(*clip_hundredths) / 100.0)
            }
        }
    }
}

impl FromStr for Intensity {
    type Err = String;

    /// Reads `none`, `histogram`, `clahe` or `clahe:CLIP,TILES`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is none of `none`, `histogram`, `clahe` and `clahe:CLIP,TILES` such as `clahe:2,8`"
            )
        };
        match text {
            "none" => return Ok(Intensity::None),
            "histogram" => return Ok(Intensity::Histogram),
            "clahe" => return Ok(Intensity::Clahe(Clahe::default())),
            _ => {}
        }
        let numbers = text.strip_prefix("clahe:").and_then(|rest| rest.split_once(','));
        let (clip, tiles) = numbers.ok_or_else(wrong)?;
        let clip: f64 = clip.parse().map_err(|_| wrong())?;
        let tiles: u32 = tiles.parse().map_err(|_| wrong())?;
        let hundredths = clip * 100.0;
        if !(100.0..=10_000.0).contains(&hundredths) || (hundredths - hundredths.round()).abs() > 1e-6 {
            return Err(format!(
                "`{text}`: the clip limit must lie between 1 and 100, with two decimals at most"
            ));
        }
        Ok(Intensity::Clahe(Clahe { clip_hundredths: hundredths.round() as u32, tiles }))
    }
}
