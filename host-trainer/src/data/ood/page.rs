//! Pages of letters, dark on bright or the other way round. Parts of the range, 0 to 1, row by row.

use font8x8::{BASIC_FONTS, UnicodeFonts};
use rand::{Rng, RngExt};

/// Dots of a letter to one side.
const LETTER: usize = 8;

/// Lines of random words. It is set twice as large and then reduced, as by a camera.
pub(super) fn letters(size: usize, rng: &mut impl Rng) -> Vec<f32> {
    let (side, scale) = (2 * size, rng.random_range(1..=4));
    let mut dots = vec![false; side * side];
    let margin = rng.random_range(0..side / 8);
    let leading = LETTER * scale * rng.random_range(10..20) / 10;
    let mut top = margin;
    while top + LETTER * scale < side {
        let mut left = margin;
        // Some lines are left empty, some end early.
        let end =
            if rng.random_range(0..6) == 0 { left } else { side - margin - rng.random_range(0..side / 4) };
        while left + LETTER * scale < end {
            let letter =
                if rng.random_range(0..6) == 0 { ' ' } else { char::from(rng.random_range(b'a'..=b'z')) };
            put(&mut dots, side, PlacedLetter { letter, left, top, scale });
            left += LETTER * scale;
        }
        top += leading;
    }
    let dark = rng.random_range(0..4) == 0;
    let level = |at: usize| {
        let (x, y) = (at % size * 2, at / size * 2);
        let ink =
            [(0, 0), (1, 0), (0, 1), (1, 1)].into_iter().filter(|(dx, dy)| dots[(y + dy) * side + x + dx]);
        let part = ink.count() as f32 / 4.0;
        if dark { part } else { 1.0 - part }
    };
    (0..size * size).map(level).collect()
}

/// A letter on the page, in dots from the left border and from the top.
struct PlacedLetter {
    letter: char,
    left: usize,
    top: usize,
    scale: usize,
}

fn put(dots: &mut [bool], side: usize, placed: PlacedLetter) {
    let PlacedLetter { letter, left, top, scale } = placed;
    let glyph = BASIC_FONTS.get(letter).unwrap_or_default();
    for y in 0..LETTER * scale {
        for x in 0..LETTER * scale {
            dots[(top + y) * side + left + x] |= glyph[y / scale] >> (x / scale) & 1 == 1;
        }
    }
}
