//! To the input size.

use fast_image_resize::images::Image;
use fast_image_resize::pixels::{F32, F32x3, InnerPixel};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::PreprocessError;
use xray_intake::{Pixels, Radiograph};

/// Rows that are narrowed at a time, so that a large image is never held as floats as a whole.
const BAND: usize = 256;

/// Brings an image to `size` × `size` with a triangle filter whose support grows with the reduction; the
/// pixels as they are if it has that size already.
///
/// Widths first, then heights, each rounded to whole levels, as Pillow does. The sums are taken in floats:
/// the integer path of `fast_image_resize` has fewer bits than Pillow's and is off by a level here and there,
/// which moved probabilities by up to 0.1.
pub(super) fn bilinear_antialias(image: &Radiograph, size: usize) -> Result<Pixels, PreprocessError> {
    let (width, height) = (image.width(), image.height());
    if (width as usize, height as usize) == (size, size) {
        return Ok(image.pixels().clone());
    }
    let resized = match image.pixels() {
        Pixels::Grey(bytes) => resize::<F32>(bytes, (width, height), size as u32).map(Pixels::Grey),
        Pixels::Rgb(bytes) => resize::<F32x3>(bytes, (width, height), size as u32).map(Pixels::Rgb),
    };
    resized.map_err(|reason| PreprocessError::Resize { width, height, size, reason })
}

/// `P` is a pixel of floats, a type and not a value: the resizer's code for all other kinds of pixels, more than a megabyte,
/// then stays out of the program.
fn resize<P: InnerPixel + PixelTrait>(
    bytes: &[u8],
    (width, height): (u32, u32),
    size: u32,
) -> Result<Vec<u8>, String> {
    let channels = P::count_of_components();
    let mut resizer = Resizer::new();
    let mut narrow = Vec::with_capacity(size as usize * height as usize * channels);
    for band in bytes.chunks(width as usize * channels * BAND) {
        let rows = (band.len() / (width as usize * channels)) as u32;
        narrow.extend(pass::<P>(&mut resizer, band, (width, rows), (size, rows))?);
    }
    pass::<P>(&mut resizer, &narrow, (size, height), (size, size))
}

/// One resize, rounded to whole levels.
fn pass<P: InnerPixel + PixelTrait>(
    resizer: &mut Resizer,
    bytes: &[u8],
    from: (u32, u32),
    to: (u32, u32),
) -> Result<Vec<u8>, String> {
    let floats: Vec<u8> = bytes.iter().flat_map(|level| f32::from(*level).to_ne_bytes()).collect();
    let kind = P::pixel_type();
    let source = Image::from_vec_u8(from.0, from.1, floats, kind).map_err(|error| error.to_string())?;
    let mut target = Image::new(to.0, to.1, kind);
    let other = || format!("its pixels are not {kind:?}");
    let (from, mut to) =
        (source.typed_image::<P>().ok_or_else(other)?, target.typed_image_mut::<P>().ok_or_else(other)?);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    resizer.resize_typed(&from, &mut to, &options).map_err(|error| error.to_string())?;
    let level = |b: &[u8]| f32::from_ne_bytes([b[0], b[1], b[2], b[3]]);
    Ok(target.buffer().chunks_exact(4).map(|b| (level(b) + 0.5).floor().clamp(0.0, 255.0) as u8).collect())
}
