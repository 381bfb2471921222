//! Pixels that are not coded (PS3.5, section 8.1.1 and annex D).

use dicom_core::VR;

use super::super::data_set::{DataSet, Element};
use super::super::pixel_format::{Photometric, PixelFormat};
use super::{Samples, damaged};
use crate::IntakeProblem;
use crate::ybr;

pub(super) fn decode(
    set: &DataSet<'_>,
    format: &PixelFormat,
    pixels: &Element<'_>,
) -> Result<Samples, IntakeProblem> {
    let samples = format.pixels() * format.photometric.samples();
    let expected = samples * format.bytes;
    let found = pixels.bytes.len();
    if found < expected {
        return Err(IntakeProblem::Truncated);
    }
    // Padding is zeros (PS3.5, section 8.1.1), and less than another image.
    let excess = &pixels.bytes[expected..];
    if excess.len() > 1 && (excess.len() >= expected || excess.iter().any(|byte| *byte != 0)) {
        return Err(damaged("DICOM", "Pixel Data holds more than the one image that the header describes"));
    }
    let bytes = &pixels.bytes[..expected];
    if format.bytes == 2 {
        let words = bytes.chunks_exact(2).map(|word| format.code(set.word([word[0], word[1]])));
        return Ok(Samples::Grey(words.collect()));
    }
    // In big-endian files bytes come in words, and the second byte of a word is the first sample.
    let swapped;
    let bytes = if set.is_big_endian() && pixels.vr == VR::OW {
        swapped = swap(pixels.bytes);
        &swapped[..expected]
    } else {
        bytes
    };
    Ok(match format.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 => {
            Samples::Grey(bytes.iter().map(|byte| format.code(u16::from(*byte))).collect())
        }
        Photometric::Rgb | Photometric::Ybr => {
            let mut colours = if format.planar { interleave(bytes) } else { bytes.to_vec() };
            if format.photometric == Photometric::Ybr {
                ybr::to_rgb(&mut colours);
            }
            Samples::Rgb(colours)
        }
    })
}

fn swap(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.chunks_exact_mut(2).for_each(|word| word.swap(0, 1));
    bytes
}

/// Three planes to three samples a pixel.
pub(super) fn interleave(planes: &[u8]) -> Vec<u8> {
    let pixels = planes.len() / 3;
    (0..pixels).flat_map(|at| [planes[at], planes[pixels + at], planes[2 * pixels + at]]).collect()
}
