//! A few numbers about the pixels of an image that can be explained.

use xray_intake::{Pixels, Radiograph};

/// Numbers about one image. All but the size are taken from the image at the model's input size, before its grey
/// levels are normalised, so that they are the same for an original and its reduced copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageStatistics {
    /// The shorter side of the original, in pixels.
    pub shorter_side: u32,
    /// Levels (0 to 255) between the darkest and the brightest hundredth of the pixels.
    pub span: u8,
    /// How little a further blur would change, 0 (crisp) to 1 (nothing is left to lose); see [`blur`].
    pub blur: f64,
    /// Correlation of neighbouring pixels, -1 to 1: near 1 for images of things, near 0 for grain; 1 where there is
    /// nothing to compare.
    pub coherence: f64,
    /// Share of the pixels, 0 to 1, that lie within four levels of one of two; see [`two_levels`].
    pub two_levels: f64,
    /// How far the colours of the pixels lie around their mean colour, in levels; 0 for grey and for one tint over
    /// all; see [`colour`].
    pub colour: f64,
}

impl ImageStatistics {
    /// Looks at `reduced`, which was made from `original` or is the same.
    pub fn of(original: &Radiograph, reduced: &Radiograph) -> ImageStatistics {
        let grey = reduced.pixels().grey();
        let width = reduced.width() as usize;
        ImageStatistics {
            shorter_side: original.width().min(original.height()),
            span: span(&grey),
            blur: blur(&grey, width),
            coherence: coherence(&grey, width),
            two_levels: two_levels(&grey),
            colour: match reduced.pixels() {
                Pixels::Grey(_) => 0.0,
                Pixels::Rgb(bytes) => colour(bytes),
            },
        }
    }
}

/// The level that 99 of 100 pixels do not exceed, less the one that 1 of 100 does not; 0 without pixels.
pub fn span(grey: &[u8]) -> u8 {
    let mut counts = [0usize; 256];
    grey.iter().for_each(|level| counts[usize::from(*level)] += 1);
    // The level of the pixel at this rank, counted from the darkest.
    let at = |rank: usize| {
        let mut seen = 0;
        counts.iter().position(|count| {
            seen += count;
            seen > rank
        })
    };
    let last = grey.len().saturating_sub(1);
    match (at(last / 100), at(last - last / 100)) {
        (Some(dark), Some(bright)) => (bright - dark) as u8,
        _ => 0,
    }
}

/// Levels on each side of one that count as that level: JPEG and a resize change those of a drawing a little.
const NEAR: usize = 4;

/// Share of the pixels that lie within four levels of the most frequent level or of the most frequent one farther away
/// from it: near 1 for masks, drawings and pages of text; 1 for an image of one level.
pub fn two_levels(grey: &[u8]) -> f64 {
    let mut counts = [0usize; 256];
    grey.iter().for_each(|level| counts[usize::from(*level)] += 1);
    let around =
        |level: usize| counts[level.saturating_sub(NEAR)..=(level + NEAR).min(255)].iter().sum::<usize>();
    // Of several the first, so that the answer is one.
    let most =
        |levels: &mut dyn Iterator<Item = usize>| levels.max_by_key(|level| (around(*level), 255 - level));
    let Some(first) = most(&mut (0..256_usize)) else { return 1.0 };
    let second = most(&mut (0..256_usize).filter(|level| level.abs_diff(first) > 2 * NEAR));
    let held = around(first) + second.map_or(0, around);
    if grey.is_empty() { 1.0 } else { held as f64 / grey.len() as f64 }
}

/// Taps of the mean by which an image is blurred to see what it loses.
const TAPS: usize = 9;

/// The perceptual blur of Crete and others (2007, doi 10.1117/12.702790): an image is blurred by the mean of 9 pixels
/// along one axis; of the differences between neighbours, the part that stays is its blur. It does not depend on
/// contrast. That of the blurrier axis is given; 1 for an image without differences.
///
/// `width` is that of a row; pixels beyond the border are those on it.
pub fn blur(grey: &[u8], width: usize) -> f64 {
    let height = grey.len().checked_div(width).unwrap_or(0);
    let rows = Lines { count: height, length: width, next_line: width, next_pixel: 1 };
    let columns = Lines { count: width, length: height, next_line: 1, next_pixel: width };
    blur_along(grey, &rows).max(blur_along(grey, &columns))
}

/// Rows or columns of an image.
struct Lines {
    count: usize,
    /// Pixels of a line.
    length: usize,
    /// From a line to the next, in pixels of the image.
    next_line: usize,
    /// From a pixel of a line to its next, in pixels of the image.
    next_pixel: usize,
}

fn blur_along(grey: &[u8], lines: &Lines) -> f64 {
    let (mut before, mut lost) = (0u64, 0u64);
    let mut line = vec![0u32; lines.length];
    let mut smooth = vec![0u32; lines.length];
    for at in 0..lines.count {
        for (i, level) in line.iter_mut().enumerate() {
            *level = u32::from(grey[at * lines.next_line + i * lines.next_pixel]);
        }
        running_sums(&line, &mut smooth);
        for (sharp, soft) in line.windows(2).zip(smooth.windows(2)) {
            // In ninths, as the sums are.
            let sharp = TAPS as u32 * sharp[0].abs_diff(sharp[1]);
            before += u64::from(sharp);
            lost += u64::from(sharp.saturating_sub(soft[0].abs_diff(soft[1])));
        }
    }
    if before == 0 { 1.0 } else { (before - lost) as f64 / before as f64 }
}

/// The sum of the nine pixels around each.
fn running_sums(line: &[u32], sums: &mut [u32]) {
    let reach = TAPS / 2;
    let Some(last) = line.len().checked_sub(1) else { return };
    let mut sum = line[0] * reach as u32;
    sum += (0..=reach).map(|i| line[i.min(last)]).sum::<u32>();
    for (i, out) in sums.iter_mut().enumerate() {
        *out = sum;
        sum += line[(i + 1 + reach).min(last)];
        sum -= line[i.saturating_sub(reach)];
    }
}

/// The mean, over rows and columns, of the product of neighbours' distances from the mean level, in parts of the
/// variance; 1 for an image of one level.
pub fn coherence(grey: &[u8], width: usize) -> f64 {
    let height = grey.len().checked_div(width).unwrap_or(0);
    if width < 2 || height < 2 {
        return 1.0;
    }
    let sum: u64 = grey.iter().map(|level| u64::from(*level)).sum();
    let mean = sum as f64 / grey.len() as f64;
    let off = |level: u8| f64::from(level) - mean;
    let variance = grey.iter().map(|level| off(*level).powi(2)).sum::<f64>() / grey.len() as f64;
    if variance == 0.0 {
        return 1.0;
    }
    let across: f64 =
        grey.chunks_exact(width).flat_map(|row| row.windows(2)).map(|pair| off(pair[0]) * off(pair[1])).sum();
    let down: f64 = grey.iter().zip(&grey[width..]).map(|(above, below)| off(*above) * off(*below)).sum();
    let across = across / (height * (width - 1)) as f64;
    let down = down / ((height - 1) * width) as f64;
    (across + down) / (2.0 * variance)
}

/// The root of the summed variances of red less green and blue less green. One tint over all of an image, as a light
/// box or a lamp gives, adds little to it.
pub fn colour(rgb: &[u8]) -> f64 {
    let count = (rgb.len() / 3) as f64;
    if count == 0.0 {
        return 0.0;
    }
    let variance = |channel: usize| {
        let differences = || rgb.chunks_exact(3).map(|pixel| i64::from(pixel[channel]) - i64::from(pixel[1]));
        let sum: i64 = differences().sum();
        let squares: i64 = differences().map(|d| d * d).sum();
        let mean = sum as f64 / count;
        (squares as f64 / count - mean * mean).max(0.0)
    };
    (variance(0) + variance(2)).sqrt()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
    }

    #[test]
    fn the_span_leaves_a_hundredth_at_each_end() {
        assert_eq!(span(&[]), 0);
        assert_eq!(span(&[7]), 0);
        // 101 pixels 0, 1, … 100: rank 1 is 1, rank 99 is 99.
        let ramp: Vec<u8> = (0..=100).collect();
        assert_eq!(span(&ramp), 98);
        // One white dot among 200 black pixels is nothing.
        let mut dot = vec![0; 201];
        dot[100] = 255;
        assert_eq!(span(&dot), 0);
    }

    #[test]
    fn blur_by_hand() {
        let one_row = Lines { count: 1, length: 20, next_line: 20, next_pixel: 1 };
        // A step of 90 in a row of 20: before, one difference of 9·90. The mean of nine rises by 90 in ninths over
        // nine pixels; at the step itself it differs by 90, which is what stays of 810.
        let row: Vec<u8> = [[0; 10], [90; 10]].concat();
        close(blur_along(&row, &one_row), 1.0 / 9.0);
        // A ramp of one level a pixel: inside, the mean differs as much as the image. At the four pixels next to
        // each border the repeated border flattens it: of 9 it loses 4, 3, 2 and 1.
        let ramp: Vec<u8> = (0..20).collect();
        close(blur_along(&ramp, &one_row), (19.0 * 9.0 - 2.0 * 10.0) / (19.0 * 9.0));
        // Of an image the blurrier axis counts: rows hold the step, columns nothing.
        let flat_columns: Vec<u8> = row.repeat(3);
        close(blur(&flat_columns, 20), 1.0);
        assert_eq!(blur(&[], 0), 1.0);
    }

    #[test]
    fn coherence_by_hand() {
        // A chessboard: each neighbour is the opposite.
        let board: Vec<u8> = (0..16).map(|i| if (i / 4 + i) % 2 == 0 { 10 } else { 20 }).collect();
        close(coherence(&board, 4), -1.0);
        // Two halves of 4 × 4: down every product is 25; across two of three pairs agree: (2 - 1) / 3.
        let halves: Vec<u8> = [10, 10, 20, 20].repeat(4);
        close(coherence(&halves, 4), (1.0 + 1.0 / 3.0) / 2.0);
        assert_eq!(coherence(&[9; 16], 4), 1.0);
    }

    #[test]
    fn two_levels_by_hand() {
        // Of ten pixels, four lie at 0 to 4, three at 200 to 204, and three far from both.
        let some = [0, 2, 3, 4, 200, 203, 204, 50, 100, 150];
        close(two_levels(&some), 0.7);
        let mask: Vec<u8> = [[0; 60], [255; 60]].concat();
        close(two_levels(&mask), 1.0);
        // Each level once: nine of 256 around two of them.
        close(two_levels(&(0..=255).collect::<Vec<_>>()), 18.0 / 256.0);
        close(two_levels(&[9; 16]), 1.0);
        close(two_levels(&[]), 1.0);
    }

    #[test]
    fn colour_by_hand() {
        // Red and blue pixels: red less green is 255 or 0, so is blue less green; each variance is 127.5².
        close(colour(&[255, 0, 0, 0, 0, 255]), 127.5 * 2f64.sqrt());
        // One tint over all is none.
        close(colour(&[100, 90, 80, 60, 50, 40]), 0.0);
        assert_eq!(colour(&[]), 0.0);
    }

    proptest! {
        #[test]
        fn no_picture_panics_and_all_numbers_are_in_range(
            width in 0usize..40,
            height in 0usize..40,
            seed in any::<[u8; 7]>(),
        ) {
            let grey: Vec<u8> = (0..width * height).map(|i| seed[i % 7].wrapping_mul(i as u8 | 1)).collect();
            prop_assert!((0.0..=1.0).contains(&blur(&grey, width)));
            prop_assert!((-2.0..=2.0).contains(&coherence(&grey, width)));
            prop_assert!((0.0..=361.0).contains(&colour(&grey)));
            let _ = span(&grey);
        }
    }
}
