//! JPEG artefacts.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use xray_intake::{Radiograph, decode};

use super::CorruptError;

/// The picture stored as JPEG of this quality (1 to 100) and read again.
pub(super) fn stored(image: &Radiograph, quality: u8) -> Result<Radiograph, CorruptError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&image.pixels().grey(), image.width(), image.height(), ExtendedColorType::L8)
        .map_err(|error| CorruptError::Encode { reason: error.to_string() })?;
    Ok(decode(&bytes)?)
}
