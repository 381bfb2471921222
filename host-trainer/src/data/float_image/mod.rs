//! Grey levels in floats, for what is done to pictures in several steps and rounded once; what is done to them by
//! training ([`super::augment`]) and by the corruption suite ([`super::corrupt`]) alike lies beside.

pub(super) mod borders;
pub(super) mod noise;
pub(super) mod smooth;

use xray_intake::Radiograph;

/// Grey levels, row by row from the top left, 0 (black) to 255 (white); in between steps they may leave that range.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::data) struct FloatImage {
    pub width: usize,
    pub height: usize,
    pub levels: Vec<f32>,
}

impl FloatImage {
    /// The grey levels of an image; of a coloured one its luma.
    pub fn of(image: &Radiograph) -> FloatImage {
        FloatImage {
            width: image.width() as usize,
            height: image.height() as usize,
            levels: image.pixels().grey().iter().map(|level| f32::from(*level)).collect(),
        }
    }

    /// The picture in place of `image`, which has its size: levels rounded, those out of range cut off.
    pub fn into_image(self, image: &Radiograph) -> Radiograph {
        // A cast from float to u8 cuts off at 0 and 255.
        image.with_levels(|at| (self.levels[at] + 0.5).floor() as u8)
    }

    pub fn mean(&self) -> f32 {
        let sum: f64 = self.levels.iter().map(|level| f64::from(*level)).sum();
        (sum / self.levels.len() as f64) as f32
    }
}
