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
    let from = Size { width, height };
    if (width as usize, height as usize) == (size, size) {
        return Ok(image.pixels().clone());
    }
    let resized = match image.pixels() {
        Pixels::Grey(bytes) => resize::<F32>(bytes, from, size as u32).map(Pixels::Grey),
        Pixels::Rgb(bytes) => resize::<F32x3>(bytes, from, size as u32).map(Pixels::Rgb),
    };
    resized.map_err(|reason| PreprocessError::Resize { width, height, size, reason })
}

/// Pixels of an image.
#[derive(Clone, Copy)]
struct Size {
    width: u32,
    height: u32,
}

/// `P` is a pixel of floats, a type and not a value: the resizer's code for all other kinds of pixels, more than a megabyte,
/// then stays out of the program.
fn resize<P: InnerPixel + PixelTrait>(bytes: &[u8], from: Size, side: u32) -> Result<Vec<u8>, String> {
    let channels = P::count_of_components();
    let mut resizer = Resizer::new();
    let row_bytes = from.width as usize * channels;
    let mut narrow = Vec::with_capacity(side as usize * from.height as usize * channels);
    for band in bytes.chunks(row_bytes * BAND) {
        let height = (band.len() / row_bytes) as u32;
        narrow.extend(pass::<P>(
            &mut resizer,
            band,
            Size { width: from.width, height },
            Size { width: side, height },
        )?);
    }
    let narrow_size = Size { width: side, height: from.height };
    pass::<P>(&mut resizer, &narrow, narrow_size, Size { width: side, height: side })
}

/// One resize, rounded to whole levels.
fn pass<P: InnerPixel + PixelTrait>(
    resizer: &mut Resizer,
    bytes: &[u8],
    from: Size,
    to: Size,
) -> Result<Vec<u8>, String> {
    let floats: Vec<u8> = bytes.iter().flat_map(|level| f32::from(*level).to_ne_bytes()).collect();
    let kind = P::pixel_type();
    let source =
        Image::from_vec_u8(from.width, from.height, floats, kind).map_err(|error| error.to_string())?;
    let mut target = Image::new(to.width, to.height, kind);
    let other = || format!("its pixels are not {kind:?}");
    let (from, mut to) =
        (source.typed_image::<P>().ok_or_else(other)?, target.typed_image_mut::<P>().ok_or_else(other)?);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    resizer.resize_typed(&from, &mut to, &options).map_err(|error| error.to_string())?;
    let level = |b: &[u8]| f32::from_ne_bytes([b[0], b[1], b[2], b[3]]);
    Ok(target.buffer().chunks_exact(4).map(|b| (level(b) + 0.5).floor().clamp(0.0, 255.0) as u8).collect())
}
