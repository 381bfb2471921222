//! A box of one grey level painted over an X-ray (Zhong et al. 2020, "Random erasing data augmentation",
//! arXiv:1708.04896), so that no single spot decides.

use rand::{Rng, RngExt};

use crate::data::float_image::FloatImage;

/// A box and its level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Erase {
    /// First column, in parts of the width.
    pub left: f64,
    /// First row, in parts of the height.
    pub top: f64,
    /// Width of the box, in parts of the width.
    pub width: f64,
    /// Height of the box, in parts of the height.
    pub height: f64,
    /// Grey level, 0 to 255.
    pub level: f32,
}

/// Least and largest side of a box, in parts of the image's side.
const SIDES: (f64, f64) = (1.0 / 12.0, 1.0 / 3.0);

impl Erase {
    /// Draws a box that lies inside the image.
    pub fn draw(rng: &mut impl Rng) -> Erase {
        let mut side = || SIDES.0 + (SIDES.1 - SIDES.0) * rng.random::<f64>();
        let (width, height) = (side(), side());
        Erase {
            left: (1.0 - width) * rng.random::<f64>(),
            top: (1.0 - height) * rng.random::<f64>(),
            width,
            height,
            level: 255.0 * rng.random::<f32>(),
        }
    }

    /// Paints the box.
    pub(super) fn apply(&self, plane: &mut FloatImage) {
        let span = |from: f64, part: f64, side: usize| {
            let start = (from * side as f64) as usize;
            start..(start + (part * side as f64) as usize).min(side)
        };
        let columns = span(self.left, self.width, plane.width);
        let rows = span(self.top, self.height, plane.height);
        for row in plane.levels.chunks_exact_mut(plane.width).take(rows.end).skip(rows.start) {
            row[columns.clone()].fill(self.level);
        }
    }
}
