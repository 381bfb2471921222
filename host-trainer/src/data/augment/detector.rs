//! Effects of detectors and their software: blur or sharpening, noise, dark borders, in this order.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::data::float_image::{FloatImage, borders, noise, smooth};

/// A Gaussian narrower than this, in pixels, changes no level.
const NARROWEST: f64 = 0.2;

/// How sharp a picture is, with what noise and borders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectorEffects {
    /// Deviation of the Gaussian that blurs, in pixels; 0 leaves the picture as it is.
    pub blur: f64,
    /// Part of what a blur by one pixel takes away that is added; 0 leaves the picture as it is.
    pub sharpen: f64,
    /// Deviation of the noise, in levels.
    pub noise: f64,
    /// Most that a bar takes at the left and at the right, in parts of the width; 0 paints none.
    pub borders: f64,
    /// Seeds noise and borders.
    pub seed: u64,
}

/// As it was.
impl Default for DetectorEffects {
    fn default() -> Self {
        DetectorEffects { blur: 0.0, sharpen: 0.0, noise: 0.0, borders: 0.0, seed: 0 }
    }
}

impl DetectorEffects {
    /// Does it to a pixels of levels from 0 to 255; those that leave the range are not cut off here.
    pub(super) fn apply(&self, pixels: &mut FloatImage) {
        if self.blur >= NARROWEST {
            *pixels = smooth::gaussian(pixels, self.blur);
        }
        if self.sharpen > 0.0 {
            smooth::sharpen(pixels, self.sharpen);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        if self.noise > 0.0 {
            noise::add(pixels, self.noise as f32, &mut rng);
        }
        if self.borders > 0.0 {
            borders::paint(pixels, 0.0..self.borders, &mut rng);
        }
    }
}
