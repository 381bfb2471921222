//! Pictures that are no X-rays, drawn by code. Quality gates are fitted on them and on X-rays in wrong orientations. They are
//! drawn from a seed and a number; no two are alike.
//!
//! A quality gate that was fitted on these is measured on others: photographs and other drawn pictures.

mod page;
mod shapes;
mod textures;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xray_intake::{IntakeProblem, Radiograph};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OodPicture {
    /// Every pixel, or every few, of a level of its own.
    Grain,
    /// Soft spots.
    Clouds,
    /// Spots of every size, as in smoke.
    Smoke,
    /// From dark to bright in one direction.
    Slope,
    /// Discs and boxes.
    Shapes,
    /// Straight strokes.
    Strokes,
    /// A page of letters.
    Page,
}

impl OodPicture {
    pub const ALL: [OodPicture; 7] = [
        OodPicture::Grain,
        OodPicture::Clouds,
        OodPicture::Smoke,
        OodPicture::Slope,
        OodPicture::Shapes,
        OodPicture::Strokes,
        OodPicture::Page,
    ];

    pub fn name(self) -> &'static str {
        match self {
            OodPicture::Grain => "grain",
            OodPicture::Clouds => "clouds",
            OodPicture::Smoke => "smoke",
            OodPicture::Slope => "slope",
            OodPicture::Shapes => "shapes",
            OodPicture::Strokes => "strokes",
            OodPicture::Page => "page of letters",
        }
    }

    /// The picture of this number, grey, `size` pixels a side; always the same for the same seed.
    ///
    /// # Errors
    /// [`IntakeProblem::TooSmall`] or [`IntakeProblem::TooManyPixels`] for a size that no image may have.
    pub fn draw(self, size: usize, seed: u64, number: u64) -> Result<Radiograph, IntakeProblem> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream((number << 8) + self as u64);
        let levels = match self {
            OodPicture::Grain => textures::grain(size, &mut rng),
            OodPicture::Clouds => textures::clouds(size, &mut rng),
            OodPicture::Smoke => textures::smoke(size, &mut rng),
            OodPicture::Slope => textures::slope(size, &mut rng),
            OodPicture::Shapes => shapes::shapes(size, &mut rng),
            OodPicture::Strokes => shapes::strokes(size, &mut rng),
            OodPicture::Page => page::letters(size, &mut rng),
        };
        // Half of them in fewer levels: not all such pictures have strong contrasts.
        let (low, high) = if rng.random() {
            (0.0, 255.0)
        } else {
            let low = rng.random::<f32>() * 120.0;
            (low, low + 60.0 + rng.random::<f32>() * (195.0 - low))
        };
        let level = |part: &f32| (low + (high - low) * part.clamp(0.0, 1.0) + 0.5) as u8;
        Radiograph::from_grey(size as u32, size as u32, levels.iter().map(level).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_kind_is_drawn_again_alike_and_no_two_are_alike() {
        for kind in OodPicture::ALL {
            let first = kind.draw(64, 1, 0).unwrap();
            assert_eq!(kind.draw(64, 1, 0).unwrap(), first, "{}", kind.name());
            let grey = first.pixels().grey().into_owned();
            assert!(grey.iter().any(|level| *level != grey[0]), "{} is blank", kind.name());
            for (seed, number) in [(2, 0), (1, 1)] {
                assert_ne!(kind.draw(64, seed, number).unwrap(), first, "{}", kind.name());
            }
        }
    }
}
