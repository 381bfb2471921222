//! Contact sheets: images in rows, each with a caption.

use font8x8::UnicodeFonts;
use image::{GrayImage, Luma};
use xray_intake::Radiograph;

/// Side of a letter in the font, in pixels.
const LETTER: u32 = 8;
/// Pixels between pictures, and around them.
const GAP: u32 = 8;
/// The label is written twice as large as the line below it.
const LABEL_SCALE: u32 = 2;
/// Height of a caption: the label, the line below it, and a little air.
const CAPTION: u32 = LETTER * LABEL_SCALE + LETTER + 6;

const PAPER: Luma<u8> = Luma([255]);
const INK: Luma<u8> = Luma([0]);

/// A picture with its caption.
#[derive(Debug, Clone)]
pub struct Tile {
    pub image: Radiograph,
    /// Written large below it.
    pub label: String,
    /// Written small below the label.
    pub note: String,
}

/// Lays tiles out in rows of `columns`, at least one, each in a cell of the largest picture. What is too long for its
/// cell is cut off; letters outside of ASCII and Latin-1 become question marks.
pub fn contact_sheet(tiles: &[Tile], columns: u32) -> GrayImage {
    let columns = columns.clamp(1, tiles.len().max(1) as u32);
    let rows = (tiles.len() as u32).div_ceil(columns);
    let width = tiles.iter().map(|tile| tile.image.width()).max().unwrap_or(0);
    let height = tiles.iter().map(|tile| tile.image.height()).max().unwrap_or(0);
    let (step_x, step_y) = (width + GAP, height + CAPTION + GAP);
    let mut sheet = GrayImage::from_pixel(GAP + columns * step_x, GAP + rows * step_y, PAPER);
    for (tile, at) in tiles.iter().zip(0u32..) {
        let (left, top) = (GAP + at % columns * step_x, GAP + at / columns * step_y);
        let image = &tile.image;
        for (level, at) in image.pixels().grey().iter().zip(0u32..) {
            sheet.put_pixel(left + at % image.width(), top + at / image.width(), Luma([*level]));
        }
        let label_at = top + height + 3;
        let label = Lettering { left, top: label_at, scale: LABEL_SCALE, text: &tile.label };
        write(&mut sheet, width, &label);
        let note = Lettering { left, top: label_at + LETTER * LABEL_SCALE, scale: 1, text: &tile.note };
        write(&mut sheet, width, &note);
    }
    sheet
}

/// A line of text on a picture.
#[derive(Debug, Clone, Copy)]
pub struct Lettering<'a> {
    /// Pixels from the left border.
    pub left: u32,
    /// Pixels from the top.
    pub top: u32,
    /// How many times as large as the font of 8 by 8 pixels.
    pub scale: u32,
    pub text: &'a str,
}

/// The picture with white text; text beyond the border is cut off.
pub fn burn_in(picture: &Radiograph, lettering: &Lettering<'_>) -> Radiograph {
    let (grey, width) = (picture.pixels().grey(), picture.width());
    let Lettering { left, top, scale, text } = *lettering;
    let letters: Vec<_> = text.chars().map(glyph).collect();
    let inked = |at: u32| {
        let (x, y) = ((at % width).checked_sub(left)? / scale, (at / width).checked_sub(top)? / scale);
        let letter = letters.get((x / LETTER) as usize)?;
        Some(letter.get(y as usize)? >> (x % LETTER) & 1 == 1)
    };
    picture.with_levels(|at| if inked(at as u32) == Some(true) { u8::MAX } else { grey[at] })
}

/// Writes one line of at most `width` pixels.
fn write(sheet: &mut GrayImage, width: u32, lettering: &Lettering<'_>) {
    let Lettering { left, top, scale, text } = *lettering;
    let letters = (width / (LETTER * scale)) as usize;
    for (letter, at) in text.chars().take(letters).zip(0u32..) {
        let glyph = glyph(letter);
        for (row, y) in glyph.iter().zip(0u32..) {
            for x in (0..LETTER).filter(|x| row >> x & 1 == 1) {
                for dot in 0..scale * scale {
                    let across = left + (at * LETTER + x) * scale + dot % scale;
                    sheet.put_pixel(across, top + y * scale + dot / scale, INK);
                }
            }
        }
    }
}

/// One byte a row, the lowest bit at the left.
fn glyph(letter: char) -> [u8; 8] {
    let found = font8x8::BASIC_FONTS.get(letter).or_else(|| font8x8::LATIN_FONTS.get(letter));
    found.or_else(|| font8x8::BASIC_FONTS.get('?')).unwrap_or([0xff; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(level: u8, label: &str) -> Tile {
        let image = Radiograph::from_grey(64, 64, vec![level; 64 * 64]).unwrap();
        Tile { image, label: label.to_owned(), note: String::new() }
    }

    #[test]
    fn pictures_stand_in_rows() {
        let tiles: Vec<Tile> = (0..5).map(|level| tile(100 + level, "")).collect();
        let sheet = contact_sheet(&tiles, 3);
        assert_eq!(sheet.dimensions(), (8 + 3 * 72, 8 + 2 * (64 + 30 + 8)));
        let level = |column: u32, row: u32| sheet.get_pixel(8 + column * 72, 8 + row * 102).0[0];
        assert_eq!(
            [level(0, 0), level(1, 0), level(2, 0), level(0, 1), level(1, 1)],
            [100, 101, 102, 103, 104]
        );
        assert_eq!(level(2, 1), 255);
        assert_eq!(contact_sheet(&[], 3).dimensions(), (16, 8));
    }

    #[test]
    fn captions_are_written_upright_and_cut_at_the_edge() {
        // An L has its stroke at the left and its foot at the bottom.
        let sheet = contact_sheet(&[tile(0, "LLLLLLLLLLLL")], 1);
        let ink = |xs: std::ops::Range<u32>, ys: std::ops::Range<u32>| {
            let dots = xs.flat_map(|x| ys.clone().map(move |y| (x, y)));
            dots.filter(|(x, y)| sheet.get_pixel(*x, *y).0[0] == 0).count()
        };
        let top = 8 + 64 + 3;
        assert!(ink(8..16, top..top + 8) > ink(16..24, top..top + 8));
        assert!(ink(8..24, top + 8..top + 16) > ink(8..24, top..top + 8));
        // Four letters of 16 pixels fill the cell; nothing stands beside it.
        assert!(ink(56..72, top..top + 16) > 0);
        assert_eq!(ink(72..80, 0..sheet.height()), 0);
    }
}
