//! From the bytes of Pixel Data to samples; one file a coding.

mod jpeg;
mod jpeg2000;
mod jpeg2000_markers;
mod native;
mod rle;

use super::DicomProblem;
use super::data_set::{DataSet, PixelData};
use super::pixel_format::PixelFormat;
use super::transfer_syntax::PixelEncoding;
use crate::IntakeProblem;

/// Decoded samples.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// A code of [`PixelFormat::stored`] bits a pixel.
    Grey(Vec<u16>),
    /// Red, green and blue a pixel.
    Rgb(Vec<u8>),
}

/// Decodes the pixels of `set`.
///
/// # Errors
/// [`IntakeProblem`] if they are missing, cut off, damaged, or of another size than `format` says.
pub(super) fn decode(
    set: &DataSet<'_>,
    format: &PixelFormat,
    coding: PixelEncoding,
) -> Result<Samples, IntakeProblem> {
    let element = "Pixel Data";
    let fragments = match (set.pixels.as_ref().ok_or(DicomProblem::Missing { element })?, coding) {
        (PixelData::Native(pixels), PixelEncoding::Native) => return native::decode(set, format, pixels),
        (PixelData::Fragments(fragments), coding) if coding != PixelEncoding::Native => fragments,
        _ => {
            let reason = "it is not coded as the Transfer Syntax UID says";
            return Err(DicomProblem::Invalid { element, reason }.into());
        }
    };
    if fragments.iter().all(|fragment| fragment.is_empty()) {
        return Err(DicomProblem::Missing { element }.into());
    }
    // An image is one fragment, or, if its writer could not hold it whole, several in a row.
    let joined;
    let bytes = match fragments[..] {
        [only] => only,
        _ => {
            joined = fragments.concat();
            &joined[..]
        }
    };
    match coding {
        PixelEncoding::Rle => rle::decode(format, bytes),
        PixelEncoding::JpegSequential | PixelEncoding::JpegLossless => jpeg::decode(format, bytes, coding),
        PixelEncoding::Jpeg2000 | PixelEncoding::Native => jpeg2000::decode(format, bytes),
    }
}

fn damaged(format: &'static str, reason: impl Into<String>) -> IntakeProblem {
    IntakeProblem::Damaged { format, reason: reason.into() }
}
