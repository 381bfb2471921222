//! Sequential JPEG, decoded by zune-jpeg once all of it is there.

use zune_core::bytestream::ZCursor;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::super::super::pixel_format::{Photometric, PixelFormat};
use super::super::Samples;
use super::{NAME, damaged};
use crate::IntakeProblem;
use crate::jpeg::Stream;
use crate::ybr;

/// The pixels of a stream that is whole and of the size in `format`.
///
/// A stream that says JFIF, or Adobe's transform, holds luma and chroma even where the DICOM header calls them RGB.
pub(super) fn decode(
    format: &PixelFormat,
    bytes: &[u8],
    stream: &Stream<'_>,
) -> Result<Samples, IntakeProblem> {
    let bytes = &bytes[..stream.length];
    let luma_and_chroma = stream.adobe == Some(1) || (stream.jfif && stream.adobe.is_none());
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(format.width as usize)
        .set_max_height(format.height as usize);
    let unreadable = |error: DecodeErrors| damaged(NAME, error.to_string());
    let mut headers = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    headers.decode_headers().map_err(unreadable)?;
    let colours = headers.input_colorspace().ok_or_else(|| damaged(NAME, "it has no frame header"))?;
    // Colours are asked for as they were coded: what they are says the DICOM header, not the stream.
    let options = options.jpeg_set_out_colorspace(colours);
    let pixels = JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode().map_err(unreadable)?;
    if pixels.len() != format.pixels() * format.photometric.samples() {
        return Err(damaged(NAME, "it has another number of colours than the DICOM header says"));
    }
    Ok(match format.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 => {
            Samples::Grey(pixels.iter().map(|byte| format.code(u16::from(*byte))).collect())
        }
        Photometric::Rgb if !luma_and_chroma => Samples::Rgb(pixels),
        Photometric::Rgb | Photometric::Ybr => {
            let mut colours = pixels;
            ybr::to_rgb(&mut colours);
            Samples::Rgb(colours)
        }
    })
}
