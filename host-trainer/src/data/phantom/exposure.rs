//! The exposure of a phantom: position, sharpness, exposure, contrast, borders and noise, of which none depends
//! on the finding, so that overall brightness does not reveal it.

use image::GrayImage;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::anatomy::between;
use super::drawing::Canvas;

/// The brightness outside of the body.
const BACKGROUND: f32 = 0.05;

/// Turns densities into an 8-bit picture.
pub(super) fn take(canvas: Canvas, rng: &mut ChaCha8Rng) -> GrayImage {
    let (angle, scale) = (between(rng, -0.07, 0.07), between(rng, 0.92, 1.06));
    let radius = rng.random_range(0..3u32) as usize;
    let canvas = canvas.turned(angle, scale, BACKGROUND).blurred(radius);
    let (gain, lift) = (between(rng, 0.8, 1.2), between(rng, -0.08, 0.10));
    let gamma = between(rng, 0.8, 1.25);
    let noise = between(rng, 0.008, 0.025);
    let border = between(rng, 0.0, 0.06) * canvas.width as f32;
    let (width, height) = (canvas.width, canvas.height);
    let mut bytes = Vec::with_capacity(width * height);
    for (i, value) in canvas.pixels.iter().enumerate() {
        let column = (i % width) as f32;
        // The sum of two uniform numbers is near enough to grain.
        let grain = (rng.random::<f32>() + rng.random::<f32>() - 1.0) * 2.45 * noise;
        let inside = column >= border && column < width as f32 - border;
        let taken = (value.max(0.0).powf(gamma) - 0.4) * gain + 0.4 + lift + grain;
        let grey = if inside { taken } else { 0.01 + grain.abs() * 0.2 };
        bytes.push((grey.clamp(0.0, 1.0) * 255.0).round() as u8);
    }
    GrayImage::from_raw(width as u32, height as u32, bytes).unwrap_or_default()
}
