//! The corruption suite: validation images as another hospital might have taken them, by a fixed set of changes, each in
//! three severities. Recipes are chosen by it: validation images of the same hospital do not show whether a recipe
//! generalises, and nothing may be chosen by test images.
//!
//! | kind | severity 1 | 2 | 3 |
//! | --- | --- | --- | --- |
//! | `contrast-low`: distances from the mean level times | .75 | .55 | .4 |
//! | `contrast-high`: the same | 1.25 | 1.5 | 1.8 |
//! | `gamma-dark`: levels on 0..1 to the power | 1.25 | 1.6 | 2 |
//! | `gamma-bright`: the same | 1/1.25 | 1/1.6 | 1/2 |
//! | `noise`: Gaussian, deviation in levels | 4 | 8 | 14 |
//! | `blur`: Gaussian, deviation in pixels | .6 | 1 | 1.6 |
//! | `jpeg`: stored and read again at quality | 40 | 20 | 10 |
//! | `crop`: a window of this part of each side, drawn anywhere, enlarged to the whole | .94 | .88 | .8 |
//! | `scale`: reduced to this part in the middle of a black frame | .94 | .86 | .75 |
//! | `borders`: dark bars at left and right, each half to all of this part of the width, level 0 to 40 | .04 | .08 | .14 |
//! | `sharpen`: this part of what a blur by one pixel takes away is added | .6 | 1.2 | 2 |
//! | `reduced`: made smaller by this factor and enlarged again | 1.5 | 2 | 3 |
//! | `stretch`: width times, height divided by, or the other way round | 1.06 | 1.12 | 1.2 |
//! | `turn`: degrees, to either side | 4 | 8 | 14 |
//! | `shading`: brighter by this part at one edge, darker at the opposite, in any direction | .12 | .25 | .4 |
//! | `local`: contrast of 8 × 8 tiles equalised (CLAHE) up to this limit | 1.5 | 2.5 | 4 |
//!
//! They are done at the input size ([`xray_core::preprocess::at_input_size`]) and before the intensity normalisation.
//! What is drawn follows from kind, severity and content alone: there is no seed to choose, so figures can be
//! compared between runs. A figure belongs to the numbers above: change one, and raise [`SUITE_VERSION`].

mod geometry;
mod jpeg;
mod kind;
mod local;
mod resolution;
mod shading;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use xray_core::preprocess::PreprocessError;
use xray_intake::{IntakeProblem, Radiograph};

pub use kind::Kind;

use super::augment::Exposure;
use super::float_image::{FloatImage, borders, noise, smooth};

/// Raised whenever a corruption gives other pixels than before.
pub const SUITE_VERSION: u32 = 2;

/// One change of the suite. As text: `noise-2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Corruption {
    kind: Kind,
    /// 0 to 2.
    step: usize,
}

/// A picture that could not be changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CorruptError {
    #[error("the picture could not be stored as JPEG: {reason}; report it with the picture's size")]
    Encode { reason: String },
    #[error("the picture could not be read again: {0}")]
    Decode(#[from] IntakeProblem),
    #[error(transparent)]
    Equalise(#[from] PreprocessError),
}

impl Corruption {
    /// A change of this severity, 1 (mild) to 3 (strong); none for another number.
    pub fn new(kind: Kind, severity: usize) -> Option<Corruption> {
        (1..=3).contains(&severity).then(|| Corruption { kind, step: severity - 1 })
    }

    /// The whole suite: every kind in every severity.
    pub fn suite() -> Vec<Corruption> {
        Kind::ALL.into_iter().flat_map(|kind| (0..3).map(move |step| Corruption { kind, step })).collect()
    }

    /// `count` changes of mild or medium severity, each another one, in an order that follows from the content
    /// (`sha256` in hex) alone: a share of the suite for where the whole would take too long. Strong ones are left
    /// out: they show where a model breaks, not what another hospital's images look like.
    pub fn drawn(sha256: &str, count: usize) -> Vec<Corruption> {
        let mut all: Vec<Corruption> =
            Corruption::suite().into_iter().filter(|one| one.severity() < 3).collect();
        all.sort_by_cached_key(|one| -> [u8; 32] {
            Sha256::digest(format!("drawn {SUITE_VERSION} {one} {sha256}")).into()
        });
        all.truncate(count);
        all
    }

    pub fn kind(self) -> Kind {
        self.kind
    }

    /// How much: 1 to 3.
    pub fn severity(self) -> usize {
        self.step + 1
    }

    /// The generator for one image by its content (`sha256` in hex).
    pub fn rng(self, sha256: &str) -> ChaCha8Rng {
        let mut hash = Sha256::new();
        hash.update(format!("corrupt {SUITE_VERSION} {self} {sha256}"));
        ChaCha8Rng::from_seed(hash.finalize().into())
    }

    /// The changed picture, grey, of the same size.
    ///
    /// # Errors
    /// [`CorruptError`] from the JPEG encoder and from CLAHE, whose tiles must divide the size; no other kind fails.
    pub fn apply(self, image: &Radiograph, rng: &mut ChaCha8Rng) -> Result<Radiograph, CorruptError> {
        let amount = self.kind.amounts()[self.step];
        match self.kind {
            Kind::Jpeg => return jpeg::stored(image, amount as u8),
            Kind::Local => return Ok(local::equalised(image, amount)?),
            _ => {}
        }
        let mut pixels = FloatImage::of(image);
        match self.kind {
            Kind::ContrastLow | Kind::ContrastHigh => {
                Exposure { contrast: amount, ..Exposure::default() }.apply(&mut pixels)
            }
            Kind::GammaDark | Kind::GammaBright => {
                Exposure { gamma: amount, ..Exposure::default() }.apply(&mut pixels)
            }
            Kind::Noise => noise::add(&mut pixels, amount as f32, rng),
            Kind::Blur => pixels = smooth::gaussian(&pixels, amount),
            Kind::Crop => pixels = geometry::crop(&pixels, amount, rng),
            Kind::Scale => pixels = geometry::shrink(&pixels, amount),
            Kind::Borders => borders::paint(&mut pixels, amount / 2.0..amount, rng),
            Kind::Sharpen => smooth::sharpen(&mut pixels, amount),
            Kind::Reduced => pixels = resolution::reduced(&pixels, amount),
            Kind::Stretch => pixels = geometry::stretch(&pixels, amount, rng),
            Kind::Rotation => pixels = geometry::turn(&pixels, amount, rng),
            Kind::Shading => shading::shade(&mut pixels, amount, rng),
            Kind::Jpeg | Kind::Local => {}
        }
        Ok(pixels.into_image(image))
    }
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind.name(), self.severity())
    }
}

impl FromStr for Corruption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Corruption::suite().into_iter().find(|one| one.to_string() == text).ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
            format!("`{text}` is no corruption; there are {}, each with -1, -2 or -3", names.join(", "))
        })
    }
}
