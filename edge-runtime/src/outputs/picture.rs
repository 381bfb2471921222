//! A stored image as people may see it: decoded within the limits of [`xray_intake`], reduced, encoded again. The
//! bytes that came from a stick reach no browser.

use std::path::PathBuf;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, ImageBuffer, ImageEncoder, Luma, Rgb, RgbImage};
use xray_core::heat_map::layer_png;
use xray_intake::{self as intake, IntakeProblem, Pixels, Radiograph};

use crate::record::{Hash256, Reader, Record, StoreError};

/// Longest side of a picture, in pixels: more than a phone shows and enough for a printed page.
pub const LONGEST: u32 = 1024;

/// Of 100. Artefacts are then below what a screen shows.
const QUALITY: u8 = 88;

/// Why an image is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unshown {
    /// It was given up for room.
    #[error("the image was given up for room after it was reported")]
    Dropped,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read.
    #[error("{}: {reason}; run `edge-runtime records verify`", .file.display())]
    File {
        /// The image file.
        file: PathBuf,
        /// The operating system's word.
        reason: String,
    },
    /// The file is not the one that was screened.
    #[error("{}: the image was changed since it was recorded; run `edge-runtime records verify`", .file.display())]
    Changed {
        /// The image file.
        file: PathBuf,
    },
    /// It is no image that can be read, which is then also why it has no result.
    #[error("{0}")]
    Image(IntakeProblem),
    /// Another image is being decoded.
    #[error("another image is being read; open this again in a moment")]
    Busy,
    /// The encoder failed.
    #[error("the picture could not be encoded: {0}")]
    Encoder(String),
}

/// The bytes of a record's image, which are those that were screened.
///
/// # Errors
/// [`Unshown`].
pub fn stored(reader: &Reader, record: &Record) -> Result<Vec<u8>, Unshown> {
    let file = reader.image(record)?.ok_or(Unshown::Dropped)?;
    let bytes = intake::read_bytes(&file)
        .map_err(|error| Unshown::File { file: file.clone(), reason: error.problem.to_string() })?;
    match Hash256::of(&bytes) == record.entry.content {
        true => Ok(bytes),
        false => Err(Unshown::Changed { file }),
    }
}

/// Decodes an image within the limits.
///
/// # Errors
/// [`Unshown::Image`].
pub fn decode(bytes: &[u8]) -> Result<Radiograph, Unshown> {
    intake::decode(bytes).map_err(Unshown::Image)
}

/// An image as a JPEG file whose longest side is at most [`LONGEST`].
///
/// # Errors
/// [`Unshown::Encoder`].
pub fn jpeg(image: &Radiograph) -> Result<Vec<u8>, Unshown> {
    let failed = |error: image::ImageError| Unshown::Encoder(error.to_string());
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, QUALITY);
    match reduced(image)? {
        Reduced::Grey(grey) => encoder
            .write_image(grey.as_raw(), grey.width(), grey.height(), ExtendedColorType::L8)
            .map_err(failed)?,
        Reduced::Rgb(rgb) => encoder
            .write_image(rgb.as_raw(), rgb.width(), rgb.height(), ExtendedColorType::Rgb8)
            .map_err(failed)?,
    }
    Ok(file)
}

/// An image in colours whose longest side is at most [`LONGEST`], for drawing on it.
///
/// # Errors
/// [`Unshown::Encoder`].
pub fn rgb(image: &Radiograph) -> Result<RgbImage, Unshown> {
    Ok(match reduced(image)? {
        Reduced::Grey(grey) => image::DynamicImage::ImageLuma8(grey).into_rgb8(),
        Reduced::Rgb(rgb) => rgb,
    })
}

/// The heat map of a record as a PNG that is laid over the picture of its image; none if the record has none.
///
/// # Errors
/// [`Unshown`].
pub fn heat(reader: &Reader, record: &Record, image: &Radiograph) -> Result<Option<Vec<u8>>, Unshown> {
    let Some(map) = reader.heat_map(record.sequence)? else { return Ok(None) };
    let (width, height) = size(image.width(), image.height());
    layer_png(&map, width, height).map(Some).map_err(|error| Unshown::Encoder(error.to_string()))
}

/// Width and height of the picture of an image of this size, in pixels.
pub fn size(width: u32, height: u32) -> (u32, u32) {
    let longest = u64::from(width.max(height).max(1));
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(LONGEST) / longest;
        u32::try_from(side).unwrap_or(LONGEST).max(1)
    };
    if longest <= u64::from(LONGEST) { (width, height) } else { (scaled(width), scaled(height)) }
}

enum Reduced {
    Grey(GrayImage),
    Rgb(RgbImage),
}

fn reduced(image: &Radiograph) -> Result<Reduced, Unshown> {
    let (width, height) = (image.width(), image.height());
    let (to_width, to_height) = size(width, height);
    let empty = || Unshown::Encoder("its pixels do not fill it".to_owned());
    Ok(match image.pixels() {
        Pixels::Grey(bytes) => {
            let whole = ImageBuffer::<Luma<u8>, &[u8]>::from_raw(width, height, bytes.as_slice())
                .ok_or_else(empty)?;
            Reduced::Grey(image::imageops::thumbnail(&whole, to_width, to_height))
        }
        Pixels::Rgb(bytes) => {
            let whole =
                ImageBuffer::<Rgb<u8>, &[u8]>::from_raw(width, height, bytes.as_slice()).ok_or_else(empty)?;
            Reduced::Rgb(image::imageops::thumbnail(&whole, to_width, to_height))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_bounded_and_a_jpeg() {
        let image = Radiograph::from_grey(3000, 1500, vec![100; 4_500_000]).expect("an image");
        let file = jpeg(&image).expect("a file");
        let read = image::load_from_memory(&file).expect("a JPEG");
        assert_eq!((read.width(), read.height()), (1024, 512));
        assert_eq!(read.to_luma8().get_pixel(500, 200).0, [100]);
        assert_eq!(size(64, 80), (64, 80));
        assert_eq!(size(12_000, 64), (1024, 5));
    }
}
