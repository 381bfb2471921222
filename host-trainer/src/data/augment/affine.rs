//! Wide changes of position and shape: borders leave the image, lungs are cut. One affine map from the result to where
//! each pixel is taken from, in the coordinates of PyTorch's `affine_grid(align_corners=False)`.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::Fill;
use super::warp::sample;
use crate::data::float_image::FloatImage;

/// How far an affine map may go. Every number is drawn evenly between its ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AffineRanges {
    /// Part of each side that is shown, least and largest: below 1 enlarges, above 1 shows what lies outside.
    pub scale: [f64; 2],
    /// The middle moves by up to this part of half a side in every direction.
    pub shift: f64,
    /// Degrees to either side.
    pub rotation: f64,
    /// The width is multiplied and the height divided by a factor between `exp(-aspect)` and `exp(aspect)`.
    pub aspect: f64,
    /// Columns slant by up to this part of the height.
    pub shear: f64,
    /// Whether left and right are exchanged every other time, by chance.
    pub flip: bool,
}

/// As the hardened backbones were trained.
impl Default for AffineRanges {
    fn default() -> Self {
        AffineRanges {
            scale: [0.62, 1.12],
            shift: 0.22,
            rotation: 14.0,
            aspect: 0.16,
            shear: 0.12,
            flip: true,
        }
    }
}

impl AffineRanges {
    /// Draws one map. Always takes the same count of numbers from `rng`.
    pub fn draw(&self, rng: &mut impl Rng) -> AffineMap {
        // Evenly between -1 and 1.
        let mut side = || rng.random::<f64>() * 2.0 - 1.0;
        let (sin, cos) = (self.rotation * side()).to_radians().sin_cos();
        let [least, most] = self.scale;
        let scale = f64::midpoint(least, most) + (most - least) / 2.0 * side();
        let aspect = (self.aspect * side()).exp();
        let shift = [self.shift * side(), self.shift * side()];
        let shear = self.shear * side();
        let across = if self.flip && rng.random::<bool>() { -scale } else { scale };
        AffineMap {
            matrix: [[cos * across * aspect, -sin * scale + shear], [sin * across, cos * scale / aspect]],
            shift,
        }
    }
}

/// A map from a place in the result to a place in the source, both in parts of half a side from the middle, right and
/// down: `source = matrix · place + shift`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AffineMap {
    /// Row by row.
    pub matrix: [[f64; 2]; 2],
    /// Right and down.
    pub shift: [f64; 2],
}

impl AffineMap {
    /// The plane under the map; between pixels levels are interpolated bilinearly.
    pub(super) fn apply(&self, plane: &FloatImage, fill: Fill) -> FloatImage {
        let (width, height) = (plane.width as f64, plane.height as f64);
        // Centres of pixels from -1 to 1, borders of the image at -1 and 1.
        let place = |at: usize, side: f64| (2.0 * at as f64 + 1.0) / side - 1.0;
        let pixel = |place: f64, side: f64| ((place + 1.0) * side - 1.0) / 2.0;
        let [across, down] = self.matrix;
        let mut levels = Vec::with_capacity(plane.levels.len());
        for y in 0..plane.height {
            let v = place(y, height);
            for x in 0..plane.width {
                let u = place(x, width);
                let from_x = pixel(across[0] * u + across[1] * v + self.shift[0], width);
                let from_y = pixel(down[0] * u + down[1] * v + self.shift[1], height);
                levels.push(sample(plane, from_x, from_y, fill));
            }
        }
        FloatImage { width: plane.width, height: plane.height, levels }
    }
}
