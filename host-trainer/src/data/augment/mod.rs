//! Training images in other positions and exposures, so that a head does not learn one hospital's habits.
//!
//! An [`Augmentation`] says how far each change may go, [`Augmentation::draw`] draws one [`Transform`] within it, and
//! [`Transform::apply`] makes the picture. The numbers come from a generator that [`view_rng`] seeds by seed, content
//! and view, so a view is the same whatever was made before it, on however many threads. Sines and powers may differ
//! in the last bit between kinds of machine, and a level with them.
//!
//! Pictures are augmented at the input size ([`xray_core::preprocess::at_input_size`]) and before the intensity
//! normalisation, as other exposures would reach it.

mod affine;
mod amplitude_mix;
mod detector;
mod erase;
mod exposure;
mod frame_exchange;
mod hardened;
mod warp;

#[cfg(test)]
mod hardened_tests;
#[cfg(test)]
mod tests;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xray_intake::Radiograph;

pub use affine::{AffineMap, AffineRanges};
pub use detector::DetectorEffects;
pub use exposure::Exposure;
pub use frame_exchange::MiddleBox;
pub(crate) use frame_exchange::blend;
pub use hardened::{HardenedDraw, Hardening};
pub(super) use warp::warp;
pub use warp::{Fill, Placement};

use super::float_image::FloatImage;

/// How far each change may go. Every number is drawn evenly between the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Whether every other picture, by chance, has left and right exchanged. The heart is then on the wrong side.
    pub flip: bool,
    /// Enlarged by a factor between `1 - zoom` and `1 + zoom`; 0 to 0.5.
    pub zoom: f64,
    /// Made wider and lower, or narrower and higher, by a factor between `1 / (1 + stretch)` and `1 + stretch`, evenly
    /// on a logarithmic scale; 0 to 0.5. Pictures of any shape are squeezed into a square, so the chest's own shape
    /// depends on where and how it was taken.
    pub stretch: f64,
    /// Upright lines are slanted by up to this angle to either side, in degrees; 0 to 45.
    pub shear: f64,
    /// Turned by up to this angle to either side, in degrees; 0 to 180.
    pub rotation: f64,
    /// Moved by up to this part of width and height in every direction; 0 to 0.5.
    pub shift: f64,
    /// Made brighter or darker by up to this part of the range from black to white; 0 to 1.
    pub brightness: f64,
    /// Distances from the mean level multiplied by a factor between `1 - contrast` and `1 + contrast`; 0 to 1.
    pub contrast: f64,
    /// Raised to a power between `1 / gamma` and `gamma`, evenly on a logarithmic scale; 1 to 4.
    pub gamma: f64,
    /// Blurred with a Gaussian of up to this deviation, in pixels, every other time by chance; 0 to 4.
    pub blur: f64,
    /// Sharpened by up to this part of what a blur by one pixel takes away, where it is not blurred; 0 to 4.
    pub sharpen: f64,
    /// Gaussian noise of up to this deviation, in levels, is added; 0 to 32.
    pub noise: f64,
    /// Dark bars are painted over left and right border, each up to this part of the width, every other time by
    /// chance; 0 to 0.25.
    pub borders: f64,
    /// What stands where the picture does not reach.
    pub fill: Fill,
}

/// Named augmentations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Pictures as they are
    None,
    /// Left and right exchanged by chance
    Article,
    /// As `article`, and changes of position, shape, exposure, detail, noise and borders
    Robust,
}

impl Preset {
    pub fn augmentation(self) -> Augmentation {
        let none = Augmentation {
            flip: false,
            zoom: 0.0,
            stretch: 0.0,
            shear: 0.0,
            rotation: 0.0,
            shift: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            gamma: 1.0,
            blur: 0.0,
            sharpen: 0.0,
            noise: 0.0,
            borders: 0.0,
            fill: Fill::Edge,
        };
        match self {
            Preset::None => none,
            Preset::Article => Augmentation { flip: true, ..none },
            // Films are hung a little askew, exposed, sharpened and cut differently; lungs are not torn.
            Preset::Robust => Augmentation {
                flip: true,
                zoom: 0.18,
                stretch: 0.15,
                shear: 6.0,
                rotation: 8.0,
                shift: 0.08,
                brightness: 0.12,
                contrast: 0.3,
                gamma: 1.5,
                blur: 1.5,
                sharpen: 1.5,
                noise: 8.0,
                borders: 0.1,
                fill: Fill::Edge,
            },
        }
    }
}

/// A number of an [`Augmentation`] that is out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("augmentation: {name} is {value}, and must lie between {low} and {high}")]
pub struct AugmentError {
    pub name: &'static str,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Augmentation {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// [`AugmentError`] names the first that is not.
    pub fn check(&self) -> Result<(), AugmentError> {
        let ranges = [
            ("zoom", self.zoom, 0.0, 0.5),
            ("stretch", self.stretch, 0.0, 0.5),
            ("shear", self.shear, 0.0, 45.0),
            ("rotation", self.rotation, 0.0, 180.0),
            ("shift", self.shift, 0.0, 0.5),
            ("brightness", self.brightness, 0.0, 1.0),
            ("contrast", self.contrast, 0.0, 1.0),
            ("gamma", self.gamma, 1.0, 4.0),
            ("blur", self.blur, 0.0, 4.0),
            ("sharpen", self.sharpen, 0.0, 4.0),
            ("noise", self.noise, 0.0, 32.0),
            ("borders", self.borders, 0.0, 0.25),
        ];
        match ranges.into_iter().find(|(_, value, low, high)| !(low..=high).contains(&value)) {
            Some((name, value, low, high)) => Err(AugmentError { name, value, low, high }),
            None => Ok(()),
        }
    }

    /// Draws one change within the ranges. Always takes the same count of numbers from `rng`, so that switching one
    /// change off leaves the others as they were.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Transform {
        let flip = rng.random::<bool>() && self.flip;
        // Evenly between -1 and 1.
        let mut side = || rng.random::<f64>() * 2.0 - 1.0;
        let mut placement = Placement {
            stretch: 1.0,
            flip,
            zoom: 1.0 + self.zoom * side(),
            shear: self.shear * side(),
            rotation: self.rotation * side(),
            shift: [self.shift * side(), self.shift * side()],
        };
        let exposure = Exposure {
            brightness: self.brightness * side(),
            contrast: 1.0 + self.contrast * side(),
            gamma: (self.gamma.ln() * side()).exp(),
        };
        placement.stretch = ((1.0 + self.stretch).ln() * side()).exp();
        // Below nothing it is blurred, above sharpened.
        let focus = side();
        let detector = DetectorEffects {
            blur: self.blur * (-focus).max(0.0),
            sharpen: self.sharpen * focus.max(0.0),
            noise: self.noise * rng.random::<f64>(),
            borders: if rng.random::<bool>() { self.borders } else { 0.0 },
            seed: rng.random(),
        };
        Transform { placement, exposure, detector, fill: self.fill }
    }
}

/// One change of position, exposure and detail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    pub placement: Placement,
    pub exposure: Exposure,
    /// How sharp it is, with what noise and borders.
    pub detector: DetectorEffects,
    /// What stands where the picture does not reach.
    pub fill: Fill,
}

impl Transform {
    /// The changed picture, grey, of the same size.
    pub fn apply(&self, image: &Radiograph) -> Radiograph {
        let mut pixels = FloatImage::of(image);
        if self.placement != Placement::default() {
            pixels = warp(&pixels, &self.placement, self.fill);
        }
        self.exposure.apply(&mut pixels);
        self.detector.apply(&mut pixels);
        pixels.into_image(image)
    }
}

/// The generator of one view of one image: the same for the same `seed`, content (`sha256` in hex) and `view`.
pub fn view_rng(seed: u64, sha256: &str, view: u32) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(b"augment");
    hash.update(seed.to_le_bytes());
    hash.update(view.to_le_bytes());
    hash.update(sha256);
    ChaCha8Rng::from_seed(hash.finalize().into())
}
