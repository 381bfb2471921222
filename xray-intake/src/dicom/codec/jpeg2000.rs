//! JPEG 2000 (ITU-T T.800), decoded by the hayro-jpeg2000 crate, which is free of unsafe code.

use hayro_jpeg2000::{DecodeError, DecodeSettings, DecoderContext, DecodingError, Image};

use super::super::DicomProblem;
use super::super::pixel_format::{Photometric, PixelFormat};
use super::{Samples, damaged, jpeg2000_markers};
use crate::IntakeProblem;
use crate::limits::MAX_JPEG_2000_SAMPLES;
use crate::ybr;

const NAME: &str = "JPEG 2000";

/// Where the first component's precision, less one, stands, with its sign in the highest bit.
const PRECISION_AT: usize = 42;

pub(super) fn decode(format: &PixelFormat, bytes: &[u8]) -> Result<Samples, IntakeProblem> {
    if (format.pixels() * format.photometric.samples()) as u64 > MAX_JPEG_2000_SAMPLES {
        return Err(IntakeProblem::TooManyPixels { width: format.width, height: format.height });
    }
    if format.shift != 0 {
        return Err(DicomProblem::Coding { name: "JPEG 2000 with shifted bits" }.into());
    }
    // The decoder fills with grey what is missing.
    let bytes = jpeg2000_markers::check(format, bytes)?;
    let settings = DecodeSettings { strict: true, ..DecodeSettings::default() };
    let image = Image::new(bytes, &settings).map_err(|error| describe(&error))?;
    if (image.width(), image.height()) != (format.width, format.height) {
        return Err(damaged(NAME, "its size is not the one that the DICOM header says"));
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|error| describe(&error))?;
    let components = decoded.components();
    let sizes = components.iter().all(|component| component.samples().len() == format.pixels());
    if components.len() != format.photometric.samples() || !sizes {
        return Err(damaged(NAME, "it has another number of colours than the DICOM header says"));
    }
    let precision = u32::from(components[0].bit_depth());
    if !(1..=16).contains(&precision) || components.iter().any(|c| u32::from(c.bit_depth()) != precision) {
        return Err(DicomProblem::Coding { name: "JPEG 2000 of more than 16 bits" }.into());
    }
    match components {
        [grey] => {
            let signed = bytes[PRECISION_AT] & 0x80 != 0;
            let code = |sample: &f32| format.code(reinterpret(*sample, precision, signed, format.signed));
            Ok(Samples::Grey(grey.samples().iter().map(code).collect()))
        }
        [red, green, blue] if precision == 8 => {
            let byte = |sample: f32| (sample + 0.5) as u8;
            let pixels = red.samples().iter().zip(green.samples()).zip(blue.samples());
            let mut colours: Vec<u8> = pixels.flat_map(|((r, g), b)| [*r, *g, *b].map(byte)).collect();
            if format.photometric == Photometric::Ybr {
                ybr::to_rgb(&mut colours);
            }
            Ok(Samples::Rgb(colours))
        }
        _ => Err(DicomProblem::Coding { name: "JPEG 2000 in colours of more than 8 bits" }.into()),
    }
}

/// The sixteen bits of a sample. The decoder adds half the range to every component, as is right for unsigned ones only;
/// and writers disagree with their own DICOM header about the sign, which then is the header's.
fn reinterpret(sample: f32, precision: u32, signed: bool, header_signed: bool) -> u16 {
    let range = 1_i32 << precision;
    // The cast takes NaN to zero; the bounds hold for lossy streams that overshoot.
    let shifted = ((sample + 0.5).floor() as i32).clamp(0, range - 1);
    let bits = if signed { shifted ^ (range >> 1) } else { shifted };
    let value = if header_signed && bits >= range >> 1 { bits - range } else { bits };
    value as u16
}

fn describe(error: &DecodeError) -> IntakeProblem {
    match error {
        DecodeError::Decoding(DecodingError::UnexpectedEof) => IntakeProblem::Truncated,
        other => damaged(NAME, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::reinterpret;

    #[test]
    fn signs_of_stream_and_header() {
        // Twelve bits: a stream value of -3 is handed on as 2045, of 5 as 2053 where signed.
        assert_eq!(reinterpret(2045.0, 12, true, true), (-3_i16).cast_unsigned());
        assert_eq!(reinterpret(2053.0, 12, true, true), 5);
        assert_eq!(reinterpret(5.0, 12, false, false), 5);
        // An unsigned stream that holds two's complement: 0xffd is -3.
        assert_eq!(reinterpret(4093.0, 12, false, true), (-3_i16).cast_unsigned());
        assert_eq!(reinterpret(70_000.0, 16, false, false), u16::MAX);
        assert_eq!(reinterpret(-4.0, 16, false, false), 0);
    }
}
