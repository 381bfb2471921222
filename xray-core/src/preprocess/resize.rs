//! To the input size.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::PreprocessError;
use crate::intake::{Pixels, Radiograph};

/// Brings an image to `size` × `size` with a triangle filter whose support grows with the reduction; the
/// pixels as they are if it has that size already.
pub(super) fn bilinear_antialias(image: &Radiograph, size: usize) -> Result<Pixels, PreprocessError> {
    let (width, height) = (image.width(), image.height());
    if (width as usize, height as usize) == (size, size) {
        return Ok(image.pixels().clone());
    }
    let failed = |reason: String| PreprocessError::Resize { width, height, size, reason };
    let (bytes, kind) = match image.pixels() {
        Pixels::Grey(bytes) => (bytes, PixelType::U8),
        Pixels::Rgb(bytes) => (bytes, PixelType::U8x3),
    };
    let source = ImageRef::new(width, height, bytes, kind).map_err(|e| failed(e.to_string()))?;
    let mut target = Image::new(size as u32, size as u32, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).map_err(|e| failed(e.to_string()))?;
    Ok(match kind {
        PixelType::U8 => Pixels::Grey(target.into_vec()),
        _ => Pixels::Rgb(target.into_vec()),
    })
}
