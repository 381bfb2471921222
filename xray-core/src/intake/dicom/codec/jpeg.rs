//! JPEG: 8-bit sequential and lossless of 2 to 16 bits (ITU-T T.81), decoded by the jpeg-decoder crate.

use std::io::Cursor;

use jpeg_decoder::{CodingProcess, ColorTransform, Decoder, Error, PixelFormat};

use super::super::DicomProblem;
use super::super::form::{Form, Photometric};
use super::super::syntax::Coding;
use super::{Samples, damaged, ybr};
use crate::intake::IntakeProblem;
use crate::intake::jpeg::is_whole;

const NAME: &str = "JPEG";

pub(super) fn decode(form: &Form, bytes: &[u8], coding: Coding) -> Result<Samples, IntakeProblem> {
    if !is_whole(bytes) {
        return Err(IntakeProblem::Truncated);
    }
    if form.shift != 0 {
        return Err(DicomProblem::Coding { name: "JPEG with shifted bits" }.into());
    }
    let lossless = coding == Coding::JpegLossless;
    if lossless {
        check_lossless(bytes)?;
    }
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_color_transform(match form.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 => ColorTransform::Grayscale,
        Photometric::Rgb => ColorTransform::RGB,
        Photometric::Ybr => ColorTransform::YCbCr,
    });
    decoder.set_max_decoding_buffer_size(form.pixels() * form.photometric.samples().max(2));
    decoder.read_info().map_err(describe)?;
    let info = decoder.info().ok_or_else(|| damaged(NAME, "it has no frame header"))?;
    if (u32::from(info.width), u32::from(info.height)) != (form.width, form.height) {
        return Err(damaged(NAME, "its size is not the one that the DICOM header says"));
    }
    let process = if lossless { CodingProcess::Lossless } else { CodingProcess::DctSequential };
    if info.coding_process != process {
        return Err(
            DicomProblem::Coding { name: "another JPEG process than the Transfer Syntax UID says" }.into()
        );
    }
    let pixels = decoder.decode().map_err(describe)?;
    match (info.pixel_format, form.photometric.samples()) {
        (PixelFormat::L8, 1) => Ok(Samples::Grey(pixels.iter().map(|b| form.code(u16::from(*b))).collect())),
        (PixelFormat::L16, 1) => {
            let words = pixels.chunks_exact(2).map(|word| u16::from_ne_bytes([word[0], word[1]]));
            Ok(Samples::Grey(words.map(|word| form.code(word)).collect()))
        }
        (PixelFormat::RGB24, 3) => {
            let mut colours = pixels;
            // A lossless stream is handed on as it is, whatever its colours.
            if lossless && form.photometric == Photometric::Ybr {
                ybr::to_rgb(&mut colours);
            }
            Ok(Samples::Rgb(colours))
        }
        _ => Err(damaged(NAME, "it has another number of colours than the DICOM header says")),
    }
}

/// Lets through what the decoder is right about: no restart intervals, whose first predictions it takes from the wrong
/// pixels, no point transform, and eight to sixteen bits.
fn check_lossless(bytes: &[u8]) -> Result<(), IntakeProblem> {
    const DRI: u8 = 0xdd;
    const SOF3: u8 = 0xc3;
    const SOS: u8 = 0xda;
    let other = |name| Err(DicomProblem::Coding { name }.into());
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = bytes.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let body = bytes.get(at + 4..at + 2 + length).unwrap_or_default();
        match (*marker, body) {
            (DRI, [0, 0]) => {}
            (DRI, _) => return other("lossless JPEG with restart intervals"),
            (SOF3, [8..=16, ..]) => {}
            (SOF3, _) => return other("lossless JPEG of fewer than 8 bits"),
            // The last bytes are predictor, end of selection, and point transform in the low half.
            (SOS, [.., 1..=7, _, last]) if last & 0x0f == 0 => return Ok(()),
            (SOS, _) => return other("lossless JPEG with a point transform or without a prediction"),
            _ => {}
        }
        at += 2 + length;
    }
    Err(damaged(NAME, "no scan follows its headers"))
}

fn describe(error: Error) -> IntakeProblem {
    match error {
        Error::Unsupported(_) => {
            DicomProblem::Coding { name: "a kind of JPEG outside the common ones" }.into()
        }
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => IntakeProblem::Truncated,
        other => damaged(NAME, other.to_string()),
    }
}
