//! How a picture must be turned to stand upright, and the turning.

use crate::IntakeProblem;
use crate::radiograph::{Pixels, Radiograph};

/// First the picture is mirrored at the line from the top left to the bottom right (rows become columns), then
/// left and right, top and bottom change places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orientation {
    /// Rows become columns.
    pub transposed: bool,
    /// Left and right change places.
    pub mirrored: bool,
    /// Top and bottom change places.
    pub upside_down: bool,
}

/// Orientation (Exif 2.32, tag 0x0112), a SHORT.
const TAG: u16 = 0x0112;
const SHORT: u16 = 3;

impl Orientation {
    /// As stored.
    pub const UPRIGHT: Orientation = Orientation { transposed: false, mirrored: false, upside_down: false };

    /// What the first directory of an Exif block says, which begins with its TIFF header; upright where it says
    /// nothing, or no number from 1 to 8, as viewers take it.
    pub fn of_exif(block: &[u8]) -> Self {
        let (transposed, mirrored, upside_down) = match number(block) {
            Some(2) => (false, true, false),
            Some(3) => (false, true, true),
            Some(4) => (false, false, true),
            Some(5) => (true, false, false),
            Some(6) => (true, true, false),
            Some(7) => (true, true, true),
            Some(8) => (true, false, true),
            _ => (false, false, false),
        };
        Orientation { transposed, mirrored, upside_down }
    }
}

/// The value of the tag in the first directory (TIFF 6.0, section 2).
fn number(block: &[u8]) -> Option<u16> {
    let big = match block.get(..4)? {
        [b'M', b'M', 0, 42] => true,
        [b'I', b'I', 42, 0] => false,
        _ => return None,
    };
    let word = |at: usize| {
        let bytes = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = block.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let directory = long(4)? as usize;
    let entries = usize::from(word(directory)?);
    (0..entries)
        .map(|entry| directory + 2 + 12 * entry)
        .take_while(|at| at + 12 <= block.len())
        .find(|at| word(*at) == Some(TAG) && word(at + 2) == Some(SHORT))
        .and_then(|at| word(at + 8))
}

impl Radiograph {
    /// The picture turned upright.
    ///
    /// # Errors
    /// As [`Radiograph::new`].
    pub(crate) fn oriented(self, orientation: Orientation) -> Result<Self, IntakeProblem> {
        if orientation == Orientation::UPRIGHT {
            return Ok(self);
        }
        let (width, height) = (self.width() as usize, self.height() as usize);
        let (across, down) = if orientation.transposed { (height, width) } else { (width, height) };
        let from = |column: usize, row: usize| {
            let column = if orientation.mirrored { across - 1 - column } else { column };
            let row = if orientation.upside_down { down - 1 - row } else { row };
            if orientation.transposed { column * width + row } else { row * width + column }
        };
        let places = (0..down).flat_map(|row| (0..across).map(move |column| (column, row)));
        let pixels = match self.pixels() {
            Pixels::Grey(levels) => {
                Pixels::Grey(places.map(|(column, row)| levels[from(column, row)]).collect())
            }
            Pixels::Rgb(levels) => {
                let mut out = Vec::with_capacity(levels.len());
                for (column, row) in places {
                    let at = 3 * from(column, row);
                    out.extend_from_slice(&levels[at..at + 3]);
                }
                Pixels::Rgb(out)
            }
        };
        Radiograph::new(across as u32, down as u32, pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exif(value: u16, big: bool) -> Vec<u8> {
        let word = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let long = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut out = if big { b"MM\0\x2a".to_vec() } else { b"II\x2a\0".to_vec() };
        out.extend(long(8));
        out.extend(word(2));
        // Image width comes first; directories are sorted.
        out.extend([&word(0x0100)[..], &word(3), &long(1), &word(64), &[0, 0]].concat());
        out.extend([&word(TAG)[..], &word(SHORT), &long(1), &word(value), &[0, 0]].concat());
        out.extend(long(0));
        out
    }

    #[test]
    fn the_number_is_found_in_both_byte_orders_and_never_beyond_the_block() {
        for big in [false, true] {
            for value in 0..12 {
                let block = exif(value, big);
                assert_eq!(number(&block), Some(value));
                for end in 0..block.len() - 4 {
                    assert!(number(&block[..end]).is_none(), "{end}");
                }
            }
        }
        assert_eq!(Orientation::of_exif(&exif(0, true)), Orientation::UPRIGHT);
        assert_eq!(Orientation::of_exif(&exif(9, true)), Orientation::UPRIGHT);
        assert_eq!(Orientation::of_exif(b"II\x2a\0\xff\xff\xff\xff"), Orientation::UPRIGHT);
    }

    /// What stands at the top left, the top right and the bottom left of the picture as stored comes to lie where the
    /// standard says (figure of tag 274).
    #[test]
    fn every_number_turns_as_the_standard_says() {
        let (width, height) = (80, 64);
        let mut levels = vec![0_u8; width * height];
        levels[0] = 1;
        levels[width - 1] = 2;
        levels[(height - 1) * width] = 3;
        levels[height * width - 1] = 4;
        // Corners of the upright picture: top left, top right, bottom left, bottom right.
        let expected = [
            (1, [1, 2, 3, 4]),
            (2, [2, 1, 4, 3]),
            (3, [4, 3, 2, 1]),
            (4, [3, 4, 1, 2]),
            (5, [1, 3, 2, 4]),
            (6, [3, 1, 4, 2]),
            (7, [4, 2, 3, 1]),
            (8, [2, 4, 1, 3]),
        ];
        for (value, corners) in expected {
            let stored = Radiograph::from_grey(width as u32, height as u32, levels.clone()).expect("grey");
            let upright = stored.oriented(Orientation::of_exif(&exif(value, false))).expect("turned");
            let (w, h) = (upright.width() as usize, upright.height() as usize);
            assert_eq!((w, h), if value < 5 { (width, height) } else { (height, width) }, "{value}");
            let grey = upright.pixels().grey();
            let found = [grey[0], grey[w - 1], grey[(h - 1) * w], grey[h * w - 1]];
            assert_eq!(found, corners, "{value}");
        }
    }
}
