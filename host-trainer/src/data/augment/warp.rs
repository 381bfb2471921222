//! Position: one affine map for all of it, so that a picture is sampled once.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::float_image::FloatImage;

/// What stands where the picture does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// The nearest pixel of the border.
    Edge,
    /// One level, 0 (black) to 255 (white).
    Level(u8),
}

impl FromStr for Fill {
    type Err = String;

    /// Reads `edge` or a level from 0 to 255.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "edge" {
            return Ok(Fill::Edge);
        }
        let wrong = |_| format!("`{text}` is neither `edge` nor a grey level from 0 to 255");
        text.parse().map(Fill::Level).map_err(wrong)
    }
}

/// Where a picture goes: exchanged, enlarged, stretched, slanted, turned about its middle, in this order, then moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// Left and right exchanged.
    pub flip: bool,
    /// Factor of enlargement, over 0.
    pub zoom: f64,
    /// Factor of the width, and divisor of the height, over 0: another shape, the same area.
    pub stretch: f64,
    /// How far upright lines lean to the left at the top, in degrees, below 90 to either side.
    pub shear: f64,
    /// Degrees clockwise.
    pub rotation: f64,
    /// To the right and down, in parts of width and height.
    pub shift: [f64; 2],
}

impl Default for Placement {
    fn default() -> Self {
        Placement { flip: false, zoom: 1.0, stretch: 1.0, shear: 0.0, rotation: 0.0, shift: [0.0; 2] }
    }
}

impl Placement {
    /// The matrix that takes an offset from the middle (right, down) in the result to where it was taken from.
    fn inverse(&self) -> [[f64; 2]; 2] {
        let (sin, cos) = self.rotation.to_radians().sin_cos();
        let lean = self.shear.to_radians().tan();
        let side = if self.flip { -1.0 } else { 1.0 };
        // Back: turned the other way, not slanted, made smaller, exchanged.
        let turned = [[cos, sin], [-sin, cos]];
        let upright = [
            [turned[0][0] - lean * turned[1][0], turned[0][1] - lean * turned[1][1]],
            [turned[1][0], turned[1][1]],
        ];
        let (across, down) = (side / (self.zoom * self.stretch), self.stretch / self.zoom);
        [[across * upright[0][0], across * upright[0][1]], [down * upright[1][0], down * upright[1][1]]]
    }
}

/// The pixels put in its place; between pixels the levels are interpolated bilinearly.
pub(in crate::data) fn warp(pixels: &FloatImage, place: &Placement, fill: Fill) -> FloatImage {
    let (width, height) = (pixels.width as f64, pixels.height as f64);
    let middle = [(width - 1.0) / 2.0, (height - 1.0) / 2.0];
    let moved = [place.shift[0] * width, place.shift[1] * height];
    let back = place.inverse();
    let mut levels = Vec::with_capacity(pixels.levels.len());
    for y in 0..pixels.height {
        let down = y as f64 - middle[1] - moved[1];
        for x in 0..pixels.width {
            let right = x as f64 - middle[0] - moved[0];
            let from_x = back[0][0] * right + back[0][1] * down + middle[0];
            let from_y = back[1][0] * right + back[1][1] * down + middle[1];
            levels.push(sample(pixels, from_x, from_y, fill));
        }
    }
    FloatImage { width: pixels.width, height: pixels.height, levels }
}

/// The level between the four pixels around a place.
pub(super) fn sample(pixels: &FloatImage, x: f64, y: f64, fill: Fill) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (part_x, part_y) = (x - left, y - top);
    let (left, top) = (left as i64, top as i64);
    let row = |y: i64| {
        let from = f64::from(level(pixels, left, y, fill));
        let to = f64::from(level(pixels, left + 1, y, fill));
        from + (to - from) * part_x
    };
    let (from, to) = (row(top), row(top + 1));
    (from + (to - from) * part_y) as f32
}

fn level(pixels: &FloatImage, x: i64, y: i64, fill: Fill) -> f32 {
    let (last_x, last_y) = (pixels.width as i64 - 1, pixels.height as i64 - 1);
    let inside = (0..=last_x).contains(&x) && (0..=last_y).contains(&y);
    match fill {
        Fill::Level(level) if !inside => f32::from(level),
        _ => pixels.levels[y.clamp(0, last_y) as usize * pixels.width + x.clamp(0, last_x) as usize],
    }
}
