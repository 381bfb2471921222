//! Text burnt into a picture, so that a viewer that shows nothing but pixels says what they are.

use font8x8::UnicodeFonts;
use image::{Rgb, RgbImage};

/// Pixels of a letter's dot.
const DOT: u32 = 2;
/// Pixels from one letter to the next.
const ADVANCE: u32 = 8 * DOT;
/// Pixels from one line to the next.
const LINE: u32 = 11 * DOT;
/// Pixels around.
const MARGIN: u32 = 8;

const PAPER: Rgb<u8> = Rgb([0, 0, 0]);
const INK: Rgb<u8> = Rgb([255, 255, 255]);

/// The picture with lines of text under it. What does not fit into a line is left out; ASCII only.
pub fn under(picture: &RgbImage, lines: &[String]) -> RgbImage {
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let text_width = u32::try_from(longest).unwrap_or(0).min(60) * ADVANCE + 2 * MARGIN;
    let text_height = u32::try_from(lines.len()).unwrap_or(0) * LINE + 2 * MARGIN;
    let width = picture.width().max(text_width);
    let mut whole = RgbImage::from_pixel(width, picture.height() + text_height, PAPER);
    image::imageops::replace(&mut whole, picture, i64::from((width - picture.width()) / 2), 0);
    for (at, line) in (0u32..).zip(lines) {
        write(&mut whole, line, picture.height() + MARGIN + at * LINE);
    }
    whole
}

fn write(picture: &mut RgbImage, line: &str, top: u32) {
    for (at, letter) in (0u32..).zip(line.chars()) {
        let Some(rows) = font8x8::BASIC_FONTS.get(letter) else { continue };
        for (y, row) in (0u32..).zip(rows) {
            for x in (0u32..8).filter(|x| row >> x & 1 == 1) {
                let (left, top) = (MARGIN + at * ADVANCE + x * DOT, top + y * DOT);
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    if let Some(pixel) = picture.get_pixel_mut_checked(left + dx, top + dy) {
                        *pixel = INK;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_under_the_picture_and_leave_it_as_it_is() {
        let picture = RgbImage::from_pixel(40, 30, Rgb([9, 8, 7]));
        let whole = under(&picture, &["I am here".to_owned(), "x".repeat(80)]);
        assert_eq!(whole.width(), 60 * 16 + 16);
        assert_eq!(whole.height(), 30 + 2 * 22 + 16);
        let left = (whole.width() - 40) / 2;
        assert_eq!(whole.get_pixel(left, 0), &Rgb([9, 8, 7]));
        assert_eq!(whole.get_pixel(left - 1, 0), &PAPER);
        // The letter I has six dots in its upper bar (0x1e shifted by none): pixels of ink in the first line.
        let ink = (38..60).flat_map(|y| (0..24).map(move |x| (x, y)));
        assert!(ink.filter(|(x, y)| whole.get_pixel(*x, *y) == &INK).count() > 30);
    }
}
