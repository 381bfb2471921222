//! What an image looks like as far as a data set is judged by it: a hash, its grey levels, its file.

use std::path::Path;

use dicom_dictionary_std::tags;
use xray_intake::Radiograph;

use super::hash::{self, PictureHash};
use crate::data::ImageFormat;
use crate::data::header::{dicom_identity, format_and_bits};
use crate::decoding;

/// Bytes of a [`Look`]: its hash and the numbers behind it.
pub(super) const BYTES: usize = hash::BYTES + 12;

/// Part of the pixels that may lie outside the span at each end: a marker or a border does not widen it.
const OUTSIDE: f64 = 0.01;
/// A span below this is a blank image: noise of a detector has more.
const BLANK: u8 = 8;
/// A quarter of all levels; the smallest span of an X-ray among 5,533 is 112.
const QUARTER: u8 = 64;
/// Part of the pixels that the two commonest levels of a mask have at least.
const OF_MASK: f64 = 0.98;

/// What an image looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub hash: PictureHash,
    /// Grey levels between the darkest and the brightest hundredth of its pixels.
    pub span: u8,
    /// Two levels make up the picture.
    pub two_levels: bool,
    pub width: u32,
    pub height: u32,
    pub format: ImageFormat,
    /// Bits of a sample in the file; 0 if they are not known.
    pub bits: u8,
}

impl Look {
    /// That of a file.
    ///
    /// # Errors
    /// The code of why it cannot be read.
    pub fn of_file(path: &Path) -> Result<Look, &'static str> {
        let image = decoding::read_file(path).map_err(|error| error.problem.code())?;
        let (format, bits) = format_and_bits(path).map_err(|_| "unreadable")?;
        let bits = if format == ImageFormat::Dicom { stored_bits(path) } else { bits };
        Look::of(&image, format, bits).ok_or("preprocessing-failed")
    }

    fn of(image: &Radiograph, format: ImageFormat, bits: u8) -> Option<Look> {
        let mut counts = [0_usize; 256];
        image.pixels().grey().iter().for_each(|level| counts[usize::from(*level)] += 1);
        let pixels: usize = counts.iter().sum();
        let outside = (pixels as f64 * OUTSIDE) as usize;
        let lowest = end(counts.iter(), outside);
        let highest = 255 - end(counts.iter().rev(), outside);
        let mut commonest = counts;
        commonest.sort_unstable_by(|a, b| b.cmp(a));
        let of_two = (commonest[0] + commonest[1]) as f64;
        let span = highest.saturating_sub(lowest);
        Some(Look {
            hash: PictureHash::of(image).ok()?,
            span,
            two_levels: span >= BLANK && of_two >= OF_MASK * pixels as f64,
            width: image.width(),
            height: image.height(),
            format,
            bits,
        })
    }

    pub fn is_blank(&self) -> bool {
        self.span < BLANK
    }

    pub fn is_quarter_range(&self) -> bool {
        (BLANK..QUARTER).contains(&self.span)
    }

    pub(super) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..hash::BYTES].copy_from_slice(&self.hash.to_bytes());
        let rest = &mut bytes[hash::BYTES..];
        rest[..4].copy_from_slice(&self.width.to_le_bytes());
        rest[4..8].copy_from_slice(&self.height.to_le_bytes());
        rest[8..12].copy_from_slice(&[
            self.span,
            u8::from(self.two_levels),
            self.format.to_byte(),
            self.bits,
        ]);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; BYTES]) -> Look {
        let at = |at: usize| bytes[hash::BYTES + at];
        let side = |from: usize| u32::from_le_bytes(std::array::from_fn(|byte| at(from + byte)));
        Look {
            hash: PictureHash::from_bytes(&std::array::from_fn(|at| bytes[at])),
            width: side(0),
            height: side(4),
            span: at(8),
            two_levels: at(9) == 1,
            format: ImageFormat::from_byte(at(10)),
            bits: at(11),
        }
    }
}

/// How many levels lie before the one with which more than `outside` pixels are reached.
fn end<'a>(counts: impl Iterator<Item = &'a usize>, outside: usize) -> u8 {
    let mut seen = 0;
    let levels = counts.take_while(|count| {
        seen += **count;
        seen <= outside
    });
    levels.count().min(255) as u8
}

/// BitsStored of a DICOM file; 0 if it does not say it.
fn stored_bits(path: &Path) -> u8 {
    let identity = dicom_identity(path).ok().flatten();
    let bits = identity.as_ref().and_then(|identity| identity.bytes(tags::BITS_STORED));
    // One number of 16 bits, at most 16: one of its bytes is zero, whatever their order.
    bits.map_or(0, |bytes| bytes.iter().copied().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(level: impl Fn(usize) -> u8) -> Look {
        let levels = (0..64 * 64).map(level).collect();
        let image = Radiograph::from_grey(64, 64, levels).unwrap();
        Look::of(&image, ImageFormat::Png, 16).unwrap()
    }

    #[test]
    fn levels_tell_blank_flat_and_binary_pictures() {
        let blank = of(|at| 100 + (at % 3) as u8);
        assert!(blank.is_blank() && !blank.two_levels && blank.span == 2);
        // A quarter of the range; twenty white pixels of 4096 are a marker.
        let flat = of(|at| if at < 20 { 255 } else { (at % 60) as u8 });
        assert!(flat.is_quarter_range() && !flat.two_levels, "{flat:?}");
        let mask = of(|at| if at % 64 < 20 { 255 } else { 0 });
        assert!(mask.two_levels && mask.span == 255);
        let film = of(|at| (at % 256) as u8);
        assert!(!film.is_blank() && !film.is_quarter_range() && !film.two_levels);
        // 4096 pixels, 16 of each level: more than 40 are passed with the third level.
        assert_eq!(film.span, 255 - 2 - 2);
    }

    #[test]
    fn bytes_hold_everything() {
        let look = of(|at| (at % 200) as u8);
        assert_eq!(Look::from_bytes(&look.to_bytes()), look);
    }
}
