//! Exposure: gamma, contrast, brightness, in this order.

use crate::data::float_image::FloatImage;

/// How a picture is exposed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Added, in parts of the range from black to white.
    pub brightness: f64,
    /// Factor of the distances from the mean level.
    pub contrast: f64,
    /// Power of the levels on the scale 0..1: above 1 darkens.
    pub gamma: f64,
}

/// As it was.
impl Default for Exposure {
    fn default() -> Self {
        Exposure { brightness: 0.0, contrast: 1.0, gamma: 1.0 }
    }
}

impl Exposure {
    /// Exposes a pixels of levels from 0 to 255 differently; those that leave the range are not cut off here.
    pub(in crate::data) fn apply(&self, pixels: &mut FloatImage) {
        if self.gamma != 1.0 {
            let gamma = self.gamma as f32;
            pixels.levels.iter_mut().for_each(|level| *level = 255.0 * (*level / 255.0).powf(gamma));
        }
        if self.contrast != 1.0 {
            let (mean, factor) = (pixels.mean(), self.contrast as f32);
            pixels.levels.iter_mut().for_each(|level| *level = mean + (*level - mean) * factor);
        }
        if self.brightness != 0.0 {
            let added = 255.0 * self.brightness as f32;
            pixels.levels.iter_mut().for_each(|level| *level += added);
        }
    }
}
