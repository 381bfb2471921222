//! JPEG: sequential of 8 bits and lossless of 2 to 16 bits (ITU-T T.81).
//!
//! Decoders of JPEG fill with grey what a stream lacks. A lung that is half grey must not be read as healthy, so the
//! entropy-coded data are walked to their last sample: by the lossless decoder itself, and for sequential streams
//! by [`crate::jpeg::check`] before zune-jpeg decodes them.

mod headers;
mod lossless;
mod sequential;

use super::super::DicomProblem;
use super::super::pixel_format::{Photometric, PixelFormat};
use super::super::transfer_syntax::PixelEncoding;
use super::{Samples, damaged};
use crate::{IntakeProblem, ybr};

use headers::Headers;

const NAME: &str = "JPEG";

pub(super) fn decode(
    format: &PixelFormat,
    bytes: &[u8],
    coding: PixelEncoding,
) -> Result<Samples, IntakeProblem> {
    if format.shift != 0 {
        return Err(DicomProblem::Coding { name: "JPEG with shifted bits" }.into());
    }
    let headers = Headers::read(bytes)?;
    let frame = &headers.frame;
    if (u32::from(frame.width), u32::from(frame.height)) != (format.width, format.height) {
        return Err(damaged(NAME, "its size is not the one that the DICOM header says"));
    }
    if frame.components.len() != format.photometric.samples() {
        return Err(damaged(NAME, "it has another number of colours than the DICOM header says"));
    }
    if headers.scan.components.len() != frame.components.len() {
        return Err(DicomProblem::Coding { name: "JPEG with a scan for each colour" }.into());
    }
    match (coding, frame.process) {
        (PixelEncoding::JpegLossless, 3) => {
            let samples = lossless::decode(&headers)?;
            if format.photometric.samples() == 1 {
                return Ok(Samples::Grey(samples.iter().map(|sample| format.code(*sample)).collect()));
            }
            let mut colours: Vec<u8> = samples.iter().map(|sample| format.code(*sample) as u8).collect();
            if format.photometric == Photometric::Ybr {
                ybr::to_rgb(&mut colours);
            }
            Ok(Samples::Rgb(colours))
        }
        (PixelEncoding::JpegSequential, 0 | 1) if frame.precision == 8 => {
            let stream = crate::jpeg::check(bytes)?;
            sequential::decode(format, bytes, &stream)
        }
        (PixelEncoding::JpegSequential, 0 | 1) => {
            Err(DicomProblem::Coding { name: "JPEG of 12 bits" }.into())
        }
        _ => {
            let name = "another JPEG process than the Transfer Syntax UID says";
            Err(DicomProblem::Coding { name }.into())
        }
    }
}
