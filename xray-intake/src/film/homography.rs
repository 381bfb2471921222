//! The projective map between a rectangle and its picture.

use super::geometry::{Corners, Point};

/// A projective map of the plane, (x, y) → ((ax + by + c) / w, (dx + ey + f) / w), w = gx + hy + 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homography([f64; 8]);

impl Homography {
    /// The map that takes the corners of the unit square, (0, 0), (1, 0), (1, 1), (0, 1), to `corners`; `None` if
    /// three of them lie on a line.
    ///
    /// In closed form: P. Heckbert, *Fundamentals of Texture Mapping and Image Warping* (1989), section 2.2.3.
    pub fn from_unit_square(corners: &Corners) -> Option<Homography> {
        let [a, b, c, d] = *corners;
        let (one, other) = (b.minus(c), d.minus(c));
        let sum = Point { x: a.x - b.x + c.x - d.x, y: a.y - b.y + c.y - d.y };
        let whole = one.cross(other);
        if whole.abs() < 1e-9 {
            return None;
        }
        let (g, h) = (sum.cross(other) / whole, one.cross(sum) / whole);
        Some(Homography([
            b.x - a.x + g * b.x,
            d.x - a.x + h * d.x,
            a.x,
            b.y - a.y + g * b.y,
            d.y - a.y + h * d.y,
            a.y,
            g,
            h,
        ]))
    }

    /// Where a place goes.
    pub fn map(&self, place: Point) -> Point {
        let [a, b, c, d, e, f, g, h] = self.0;
        let Point { x, y } = place;
        let w = g * x + h * y + 1.0;
        Point { x: (a * x + b * y + c) / w, y: (d * x + e * y + f) / w }
    }
}
