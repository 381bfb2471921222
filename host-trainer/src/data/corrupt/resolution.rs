//! Low resolution.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma};

use super::FloatImage;

/// The picture made smaller by `factor` in both directions and enlarged again, with a triangle filter both times.
pub(super) fn reduced(pixels: &FloatImage, factor: f64) -> FloatImage {
    let (width, height) = (pixels.width as u32, pixels.height as u32);
    let smaller = |side: u32| ((f64::from(side) / factor).round() as u32).max(1);
    // The resizer cuts floats off at 0 and 1.
    let levels = |x: u32, y: u32| Luma([pixels.levels[y as usize * pixels.width + x as usize] / 255.0]);
    let picture: ImageBuffer<Luma<f32>, Vec<f32>> = ImageBuffer::from_fn(width, height, levels);
    let small = resize(&picture, smaller(width), smaller(height), FilterType::Triangle);
    let large = resize(&small, width, height, FilterType::Triangle);
    let levels = large.into_raw().into_iter().map(|level| 255.0 * level).collect();
    FloatImage { width: pixels.width, height: pixels.height, levels }
}
