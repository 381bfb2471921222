//! The augmentation that keeps a classifier from learning what tells hospitals and classes apart outside the lungs:
//! exchanged frames, mixed amplitudes, wide changes of position, sharpness and exposure, an erased box, in this order.
//! Two steps need another training image, the donor.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use xray_intake::Radiograph;

use super::affine::{AffineMap, AffineRanges};
use super::amplitude_mix::AmplitudeMix;
use super::erase::Erase;
use super::frame_exchange::{MiddleBox, blend};
use super::{AugmentError, Exposure, Fill};
use crate::data::float_image::{FloatImage, noise, smooth};

/// How often and how far each change goes. The defaults are what the hardened backbones were trained with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardening {
    /// Share of the images whose frame is that of a donor, 0 to 1.
    pub frame_exchange: f64,
    /// Share of the images whose amplitudes are mixed with those of a donor, 0 to 1.
    pub amplitude_mix: f64,
    /// Frequencies up to this part of the highest are mixed, 0 to 1.
    pub amplitude_band: f64,
    /// Share of the images of which a box is erased, 0 to 1.
    pub erase: f64,
    /// Position and shape.
    pub affine: AffineRanges,
    /// Share of the images that are blurred, and share that are sharpened.
    pub blur: [f64; 2],
    /// Raised to a power between `exp(-gamma)` and `exp(gamma)`.
    pub gamma: f64,
    /// Distances from the mean level multiplied by a factor between `1 - contrast` and `1 + contrast`.
    pub contrast: f64,
    /// Made brighter or darker by up to this part of the range from black to white.
    pub brightness: f64,
    /// Share of the images to which Gaussian noise is added, 0 to 1.
    pub noise: f64,
}

impl Default for Hardening {
    fn default() -> Self {
        Hardening {
            frame_exchange: 0.4,
            amplitude_mix: 0.5,
            amplitude_band: 1.0,
            erase: 0.4,
            affine: AffineRanges::default(),
            blur: [0.3, 0.2],
            gamma: 0.7,
            contrast: 0.5,
            brightness: 0.2,
            noise: 0.4,
        }
    }
}

/// Margins of the drawn middle, least and most, in parts of the side: left and right, top, bottom.
const MARGINS: [(f64, f64); 3] =
    [(14.0 / 224.0, 42.0 / 224.0), (8.0 / 224.0, 34.0 / 224.0), (4.0 / 224.0, 24.0 / 224.0)];
/// Deviation of the soft edge, least and most, in pixels.
const SOFTNESS: (f64, f64) = (1.5, 3.5);
/// Deviation of the blur, in pixels.
const BLUR: (f64, f64) = (0.5, 1.6);
/// Amount of sharpening, and deviation of the blur whose difference is added, in pixels.
const SHARPEN: [(f64, f64); 2] = [(0.3, 1.5), (0.8, 2.0)];
/// Deviation of the noise, in parts of the range from black to white.
const NOISE: (f64, f64) = (0.005, 0.06);

/// How sharp an image becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sharpness {
    AsItIs,
    Blurred { deviation: f64 },
    Sharpened { amount: f64, deviation: f64 },
}

/// One draw within a [`Hardening`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardenedDraw {
    frame: Option<FrameDraw>,
    amplitude: Option<(AmplitudeMix, u64)>,
    map: AffineMap,
    fill: Fill,
    sharpness: Sharpness,
    tone: Exposure,
    /// Deviation in levels; 0 adds none.
    noise: f64,
    noise_seed: u64,
    erase: Option<Erase>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct FrameDraw {
    /// Left, right, top and bottom margin, in parts of the side.
    margins: [f64; 4],
    softness: f64,
    donor: u64,
}

impl FrameDraw {
    fn middle(&self, width: usize, height: usize) -> MiddleBox {
        let [left, right, top, bottom] = self.margins;
        let pixels = |part: f64, side: usize| (part * side as f64) as usize;
        MiddleBox {
            left: pixels(left, width),
            right: width - pixels(right, width),
            top: pixels(top, height),
            bottom: height - pixels(bottom, height),
            softness: self.softness,
        }
    }
}

impl Hardening {
    /// Whether every number that can be chosen is in its range.
    ///
    /// # Errors
    /// [`AugmentError`] names the first that is not.
    pub fn check(&self) -> Result<(), AugmentError> {
        let shares = [
            ("frame-exchange", self.frame_exchange),
            ("amplitude-mix", self.amplitude_mix),
            ("amplitude-band", self.amplitude_band),
            ("erase", self.erase),
            ("noise", self.noise),
        ];
        match shares.into_iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            Some((name, value)) => Err(AugmentError { name, value, low: 0.0, high: 1.0 }),
            None => Ok(()),
        }
    }

    /// Draws one change. Always takes the same count of numbers from `rng`, so that switching one change off leaves
    /// the others as they were.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> HardenedDraw {
        fn between(rng: &mut ChaCha8Rng, (least, most): (f64, f64)) -> f64 {
            least + (most - least) * rng.random::<f64>()
        }
        let exchanged = rng.random::<f64>() < self.frame_exchange;
        let [sides, top, bottom] = MARGINS;
        let frame = FrameDraw {
            margins: [between(rng, sides), between(rng, sides), between(rng, top), between(rng, bottom)],
            softness: between(rng, SOFTNESS),
            donor: rng.random(),
        };
        let mixed = rng.random::<f64>() < self.amplitude_mix;
        let mix = AmplitudeMix { weight: rng.random(), band: self.amplitude_band };
        let mix_donor = rng.random();
        let map = self.affine.draw(rng);
        let fill = if rng.random::<bool>() { Fill::Level(0) } else { Fill::Edge };
        let [blurred, sharpened] = self.blur;
        let which = rng.random::<f64>();
        let blur = between(rng, BLUR);
        let [amount, deviation] = SHARPEN.map(|range| between(rng, range));
        let sharpness = if which < blurred {
            Sharpness::Blurred { deviation: blur }
        } else if which < blurred + sharpened {
            Sharpness::Sharpened { amount, deviation }
        } else {
            Sharpness::AsItIs
        };
        let mut side = || rng.random::<f64>() * 2.0 - 1.0;
        let tone = Exposure {
            gamma: (self.gamma * side()).exp(),
            contrast: 1.0 + self.contrast * side(),
            brightness: self.brightness * side(),
        };
        let noisy = rng.random::<f64>() < self.noise;
        let noise = 255.0 * between(rng, NOISE);
        let noise_seed = rng.random();
        let erased = rng.random::<f64>() < self.erase;
        let erase = Erase::draw(rng);
        HardenedDraw {
            frame: exchanged.then_some(frame),
            amplitude: mixed.then_some((mix, mix_donor)),
            map,
            fill,
            sharpness,
            tone,
            noise: if noisy { noise } else { 0.0 },
            noise_seed,
            erase: erased.then_some(erase),
        }
    }
}

impl HardenedDraw {
    /// The changed image, grey, of the same size. `donor` gives the image of a number that is drawn evenly from all of
    /// `u64`; it must have the size of `image`.
    ///
    /// # Errors
    /// Whatever `donor` gives.
    pub fn apply<E>(
        &self,
        image: &Radiograph,
        mut donor: impl FnMut(u64) -> Result<Radiograph, E>,
    ) -> Result<Radiograph, E> {
        let mut plane = FloatImage::of(image);
        if let Some(frame) = &self.frame {
            let other = FloatImage::of(&donor(frame.donor)?);
            let weights = frame.middle(plane.width, plane.height).weights(plane.width, plane.height);
            plane.levels = blend(&plane.levels, &other.levels, &weights);
        }
        if let Some((mix, number)) = &self.amplitude {
            mix.apply(&mut plane, &FloatImage::of(&donor(*number)?));
        }
        plane = self.map.apply(&plane, self.fill);
        match self.sharpness {
            Sharpness::AsItIs => {}
            Sharpness::Blurred { deviation } => plane = smooth::gaussian(&plane, deviation),
            Sharpness::Sharpened { amount, deviation } => {
                let blurred = smooth::gaussian(&plane, deviation);
                for (level, blurred) in plane.levels.iter_mut().zip(blurred.levels) {
                    *level += amount as f32 * (*level - blurred);
                }
                clip(&mut plane);
            }
        }
        self.tone.apply(&mut plane);
        clip(&mut plane);
        if self.noise > 0.0 {
            noise::add(&mut plane, self.noise as f32, &mut ChaCha8Rng::seed_from_u64(self.noise_seed));
            clip(&mut plane);
        }
        if let Some(erase) = &self.erase {
            erase.apply(&mut plane);
        }
        Ok(plane.into_image(image))
    }
}

fn clip(plane: &mut FloatImage) {
    plane.levels.iter_mut().for_each(|level| *level = level.clamp(0.0, 255.0));
}
