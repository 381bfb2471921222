//! A decoded image.

use std::borrow::Cow;

use super::IntakeProblem;
use super::limits::{MAX_PIXELS, MAX_SIDE, MIN_SIDE};

/// The pixels of an image, row by row from the top left, 0 (black) to 255 (white).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pixels {
    /// One byte a pixel.
    Grey(Vec<u8>),
    /// Three bytes a pixel: red, green, blue.
    Rgb(Vec<u8>),
}

impl Pixels {
    /// The grey levels; of a coloured pixel its luma, .299 R + .587 G + .114 B (ITU-R BT.601) in fixed point, rounded,
    /// which leaves three equal channels as they are.
    pub fn grey(&self) -> Cow<'_, [u8]> {
        // The weights in 32768ths; their sum is 32768.
        const WEIGHTS: [u32; 3] = [9798, 19235, 3735];
        match self {
            Pixels::Grey(bytes) => Cow::Borrowed(bytes),
            Pixels::Rgb(bytes) => {
                let luma = |rgb: &[u8]| {
                    let sum: u32 =
                        rgb.iter().zip(WEIGHTS).map(|(level, weight)| u32::from(*level) * weight).sum();
                    ((sum + (1 << 14)) >> 15) as u8
                };
                Cow::Owned(bytes.chunks_exact(3).map(luma).collect())
            }
        }
    }
}

/// An image that was decoded and is within the limits of [the crate](crate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Radiograph {
    width: u32,
    height: u32,
    pixels: Pixels,
}

impl Radiograph {
    /// An image from grey pixels.
    ///
    /// # Errors
    /// [`IntakeProblem::TooSmall`] or [`IntakeProblem::TooManyPixels`] outside the limits,
    /// [`IntakeProblem::Damaged`] if `pixels` does not hold `width × height` bytes.
    pub fn from_grey(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, IntakeProblem> {
        Self::new(width, height, Pixels::Grey(pixels))
    }

    /// An image from its pixels.
    ///
    /// # Errors
    /// As [`Radiograph::from_grey`].
    pub fn new(width: u32, height: u32, pixels: Pixels) -> Result<Self, IntakeProblem> {
        check_size(width, height)?;
        let (length, channels) = match &pixels {
            Pixels::Grey(bytes) => (bytes.len() as u64, 1),
            Pixels::Rgb(bytes) => (bytes.len() as u64, 3),
        };
        let expected = u64::from(width) * u64::from(height) * channels;
        if length != expected {
            let reason = format!("{length} bytes of pixels where {expected} were expected");
            return Err(IntakeProblem::Damaged { format: "image", reason });
        }
        Ok(Radiograph { width, height, pixels })
    }

    /// A grey image of the same size, row by row from the top left of the levels that `level` gives for each place.
    pub fn with_levels(&self, level: impl FnMut(usize) -> u8) -> Radiograph {
        let places = 0..self.width as usize * self.height as usize;
        Radiograph {
            width: self.width,
            height: self.height,
            pixels: Pixels::Grey(places.map(level).collect()),
        }
    }

    /// The grey image mirrored at the line from the top left to the bottom right: rows become columns.
    pub fn transposed(&self) -> Radiograph {
        let (grey, width, height) = (self.pixels.grey(), self.width as usize, self.height as usize);
        let levels = (0..grey.len()).map(|at| grey[at % height * width + at / height]).collect();
        Radiograph { width: self.height, height: self.width, pixels: Pixels::Grey(levels) }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels.
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }
}

/// Whether an image of this size may be decoded at all.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), IntakeProblem> {
    let too_long = width > MAX_SIDE || height > MAX_SIDE;
    if too_long || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(IntakeProblem::TooManyPixels { width, height });
    }
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(IntakeProblem::TooSmall { width, height });
    }
    Ok(())
}
