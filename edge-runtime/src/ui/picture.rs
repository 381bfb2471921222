//! A stored image as a picture for people: decoded in a process of its own within the limits of [`xray_intake`], reduced,
//! encoded again. The bytes that came from a stick reach no browser.

use std::path::PathBuf;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, ImageBuffer, ImageEncoder, Luma, Rgb, RgbImage};
use xray_core::heat_map::layer_png;
use xray_decode::{DecodeError, Decoder, View};
use xray_intake::{Pixels, Radiograph, read_bytes};

use crate::records::{Hash256, Outcome, Record, RecordReader, RecordStoreError};

/// Longest side of a picture, in pixels: more than a phone shows and enough for a printed page.
pub const MAX_SIDE: u32 = 1024;

/// Of 100. Artefacts are then below what a screen shows.
const QUALITY: u8 = 88;

/// Why an image cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// It ended the program each time it was screened.
    #[error(
        "the program ended each time it screened this image, so nothing opens it again; the file is kept"
    )]
    Quarantined,
    /// It has no result, and its file was not kept.
    #[error("this image has no result, and files without one are not kept for long")]
    NotKept,
    /// It was deleted to free space.
    #[error("the image was deleted to free space after it was reported")]
    Dropped,
    /// Somebody asked for that.
    #[error("the image was erased on request")]
    Erased,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] RecordStoreError),
    /// The file cannot be read.
    #[error("{}: {reason}; run `edge-runtime records verify`", .file.display())]
    File {
        /// The image file.
        file: PathBuf,
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
    Image(DecodeError),
    /// Another image is being decoded.
    #[error("another image is being read; open this again in a few seconds")]
    Busy,
    /// The encoder failed.
    #[error("the picture could not be encoded: {0}")]
    Encoder(String),
}

impl From<DecodeError> for PictureError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::GaveWay => PictureError::Busy,
            error => PictureError::Image(error),
        }
    }
}

/// The bytes of a record's image, which are those that were screened; not of one that ended the program.
///
/// # Errors
/// [`PictureError`].
pub fn stored(reader: &RecordReader, record: &Record) -> Result<Vec<u8>, PictureError> {
    if record.entry.outcome.is_quarantined() {
        return Err(PictureError::Quarantined);
    }
    let file = kept(reader, record)?;
    let bytes = read_bytes(&file)
        .map_err(|error| PictureError::File { file: file.clone(), reason: error.problem.to_string() })?;
    match Hash256::of(&bytes) == record.entry.image_id {
        true => Ok(bytes),
        false => Err(PictureError::Changed { file }),
    }
}

/// The file of a record's image, if it was not deleted.
///
/// # Errors
/// [`PictureError::Erased`], [`PictureError::Dropped`], [`PictureError::NotKept`], or what the store says.
pub fn kept(reader: &RecordReader, record: &Record) -> Result<PathBuf, PictureError> {
    match reader.image(record)? {
        Some(file) => Ok(file),
        None if reader.erased_at(record.sequence)?.is_some() => Err(PictureError::Erased),
        None => Err(match record.entry.outcome {
            Outcome::Verdict(_) => PictureError::Dropped,
            Outcome::NoResult { .. } => PictureError::NotKept,
        }),
    }
}

/// Decodes an image within the limits, in a process of its own.
///
/// # Errors
/// [`PictureError::Image`], or [`PictureError::Busy`] if it gave way to another one.
pub fn decode(decoder: &Decoder, bytes: &[u8]) -> Result<Radiograph, PictureError> {
    decoder.decode_bytes(bytes, View::AsMarked).map_err(PictureError::from)
}

/// An image as a JPEG file whose longest side is at most [`MAX_SIDE`].
///
/// # Errors
/// [`PictureError::Encoder`].
pub fn jpeg(image: &Radiograph) -> Result<Vec<u8>, PictureError> {
    let failed = |error: image::ImageError| PictureError::Encoder(error.to_string());
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, QUALITY);
    match reduced(image)? {
        ReducedImage::Grey(grey) => encoder
            .write_image(grey.as_raw(), grey.width(), grey.height(), ExtendedColorType::L8)
            .map_err(failed)?,
        ReducedImage::Rgb(rgb) => encoder
            .write_image(rgb.as_raw(), rgb.width(), rgb.height(), ExtendedColorType::Rgb8)
            .map_err(failed)?,
    }
    Ok(file)
}

/// An image in colours whose longest side is at most [`MAX_SIDE`], for drawing on it.
///
/// # Errors
/// [`PictureError::Encoder`].
pub fn rgb(image: &Radiograph) -> Result<RgbImage, PictureError> {
    Ok(match reduced(image)? {
        ReducedImage::Grey(grey) => image::DynamicImage::ImageLuma8(grey).into_rgb8(),
        ReducedImage::Rgb(rgb) => rgb,
    })
}

/// The heat map of a record as a PNG that is laid over the picture of its image; none if the record has none.
///
/// # Errors
/// [`PictureError`].
pub fn heat(
    reader: &RecordReader,
    record: &Record,
    image: &Radiograph,
) -> Result<Option<Vec<u8>>, PictureError> {
    let Some(map) = reader.heat_map(record.sequence)? else { return Ok(None) };
    let (width, height) = size(image.width(), image.height());
    layer_png(&map, width, height).map(Some).map_err(|error| PictureError::Encoder(error.to_string()))
}

/// Width and height of the picture of an image of this size, in pixels.
pub fn size(width: u32, height: u32) -> (u32, u32) {
    let longest = u64::from(width.max(height).max(1));
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(MAX_SIDE) / longest;
        u32::try_from(side).unwrap_or(MAX_SIDE).max(1)
    };
    if longest <= u64::from(MAX_SIDE) { (width, height) } else { (scaled(width), scaled(height)) }
}

enum ReducedImage {
    Grey(GrayImage),
    Rgb(RgbImage),
}

fn reduced(image: &Radiograph) -> Result<ReducedImage, PictureError> {
    let (width, height) = (image.width(), image.height());
    let (to_width, to_height) = size(width, height);
    let empty = || PictureError::Encoder("its pixels do not fill it".to_owned());
    Ok(match image.pixels() {
        Pixels::Grey(bytes) => {
            let whole = ImageBuffer::<Luma<u8>, &[u8]>::from_raw(width, height, bytes.as_slice())
                .ok_or_else(empty)?;
            ReducedImage::Grey(image::imageops::thumbnail(&whole, to_width, to_height))
        }
        Pixels::Rgb(bytes) => {
            let whole =
                ImageBuffer::<Rgb<u8>, &[u8]>::from_raw(width, height, bytes.as_slice()).ok_or_else(empty)?;
            ReducedImage::Rgb(image::imageops::thumbnail(&whole, to_width, to_height))
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
