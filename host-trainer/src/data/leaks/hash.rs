//! A perceptual hash of 256 bits.

use std::f64::consts::PI;

use xray_core::preprocess::{PreprocessError, Preprocessing, Scaling, at_input_size};
use xray_intake::Radiograph;

/// Side of the thumbnail.
const SIDE: usize = 32;
/// Frequencies across, and down, that are kept: half of those in the thumbnail.
const FREQUENCIES: usize = 16;
/// Words of a hash.
const WORDS: usize = FREQUENCIES * FREQUENCIES / 64;

/// Frequencies that differ by less are even: of symmetric pictures many are zero but for rounding.
const EVEN: f64 = 1e-6;

/// Bytes of a [`PictureHash`].
pub(super) const BYTES: usize = 2 * WORDS * 8;

/// What a picture and its mirror image look like: of each, whether the lowest 16 × 16 frequencies of a thumbnail (DCT-II)
/// lie above their median. Storing with losses, other sizes, brightness and contrast change few of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureHash {
    plain: [u64; WORDS],
    mirrored: [u64; WORDS],
}

impl PictureHash {
    /// The hash of a picture.
    ///
    /// # Errors
    /// [`PreprocessError::Resize`] if the resizer refuses it.
    pub fn of(image: &Radiograph) -> Result<PictureHash, PreprocessError> {
        // Twice the thumbnail's side, the least that an image may have; then the means of four.
        let size = 2 * SIDE;
        let small = at_input_size(image, &Preprocessing { size, ..Preprocessing::new(Scaling::Unit) })?;
        let grey = small.pixels().grey();
        let mean = |x: usize, y: usize| {
            let at = 2 * y * size + 2 * x;
            [0, 1, size, size + 1].iter().map(|by| f64::from(grey[at + by])).sum::<f64>() / 4.0
        };
        let thumbnail: Vec<f64> = (0..SIDE * SIDE).map(|at| mean(at % SIDE, at / SIDE)).collect();
        let plain = frequencies(&thumbnail);
        // Exchanging left and right changes the sign of the odd frequencies across.
        let sign = |at: usize| if at % FREQUENCIES % 2 == 1 { -1.0 } else { 1.0 };
        let mirrored: Vec<f64> = plain.iter().enumerate().map(|(at, value)| value * sign(at)).collect();
        Ok(PictureHash { plain: above_median(&plain), mirrored: above_median(&mirrored) })
    }

    /// In how many of 256 bits two pictures differ, and whether one of them was mirrored for it.
    pub fn distance(&self, other: &PictureHash) -> (u32, bool) {
        let bits = |a: &[u64; WORDS], b: &[u64; WORDS]| -> u32 {
            a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
        };
        let (plain, mirrored) = (bits(&self.plain, &other.plain), bits(&self.plain, &other.mirrored));
        (plain.min(mirrored), mirrored < plain)
    }

    pub(super) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        for (place, word) in bytes.chunks_exact_mut(8).zip(self.plain.iter().chain(&self.mirrored)) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; BYTES]) -> PictureHash {
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at * 8 + byte]));
        PictureHash { plain: std::array::from_fn(word), mirrored: std::array::from_fn(|at| word(WORDS + at)) }
    }
}

/// The lowest frequencies of a thumbnail, row by row: DCT-II without its constant factors, which are the same for every
/// picture but for the first row and column, so these are given theirs.
fn frequencies(thumbnail: &[f64]) -> Vec<f64> {
    let wave = |frequency: usize, at: usize| {
        let height = if frequency == 0 { 0.5f64.sqrt() } else { 1.0 };
        height * (PI * frequency as f64 * (2 * at + 1) as f64 / (2 * SIDE) as f64).cos()
    };
    let waves: Vec<f64> = (0..FREQUENCIES * SIDE).map(|at| wave(at / SIDE, at % SIDE)).collect();
    let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    // By row of the picture, then by frequency across.
    let across: Vec<f64> = thumbnail
        .chunks_exact(SIDE)
        .flat_map(|row| waves.chunks_exact(SIDE).map(move |wave| product(row, wave)))
        .collect();
    let mut all = Vec::with_capacity(FREQUENCIES * FREQUENCIES);
    for down in waves.chunks_exact(SIDE) {
        for frequency in 0..FREQUENCIES {
            let column: Vec<f64> = (0..SIDE).map(|y| across[y * FREQUENCIES + frequency]).collect();
            all.push(product(&column, down));
        }
    }
    all
}

/// One bit for each value, the first one lowest; the median is that of all but the first, which is the mean grey.
fn above_median(values: &[f64]) -> [u64; WORDS] {
    let mut sorted = values[1..].to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    let mut words = [0; WORDS];
    for (at, value) in values.iter().enumerate() {
        words[at / 64] |= u64::from(*value - median > EVEN) << (at % 64);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Golden {
        plain: Vec<u8>,
        mirrored: Vec<u8>,
    }

    /// scripts/oracle/picture_hash.py draws the same picture.
    fn drawn() -> Radiograph {
        let level = |at: usize| {
            let (x, y) = (at % 64, at / 64);
            let oval = |middle: usize| x.abs_diff(middle).pow(2) * 3 + y.abs_diff(30).pow(2) < 400;
            let base = if oval(20) || oval(46) { 60 } else { 140 };
            (base + y + (x * 37 + y * 59 + x * y * 3) % 29) as u8
        };
        Radiograph::from_grey(64, 64, (0..64 * 64).map(level).collect()).unwrap()
    }

    #[test]
    fn bits_are_those_of_scipy() {
        let golden: Golden =
            serde_json::from_str(include_str!("../../../tests/fixtures/picture_hash.json")).unwrap();
        let bytes = PictureHash::of(&drawn()).unwrap().to_bytes();
        assert_eq!(bytes[..BYTES / 2], golden.plain);
        assert_eq!(bytes[BYTES / 2..], golden.mirrored);
    }

    #[test]
    fn a_mirror_image_is_known_and_bytes_hold_everything() {
        let image = drawn();
        let grey = image.pixels().grey().into_owned();
        let mirror = image.with_levels(|at| grey[at / 64 * 64 + 63 - at % 64]);
        let (hash, other) = (PictureHash::of(&image).unwrap(), PictureHash::of(&mirror).unwrap());
        assert_eq!(hash.distance(&hash), (0, false));
        assert_eq!(hash.distance(&other), (0, true));
        assert_eq!(PictureHash::from_bytes(&hash.to_bytes()), hash);
    }
}
