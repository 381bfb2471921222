//! Sequential JPEG: whether all of it is there, and its decoding by zune-jpeg.

use zune_core::bytestream::ZCursor;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::super::super::pixel_format::{Photometric, PixelFormat};
use super::super::{Samples, ybr};
use super::headers::{Component, Headers, ScanComponent};
use super::huffman::BitReader;
use super::{NAME, damaged};
use crate::IntakeProblem;

/// Coefficients of a block.
const BLOCK: usize = 64;

/// Walks all blocks of the scan (F.2.2) without computing a coefficient.
///
/// # Errors
/// [`IntakeProblem::Truncated`] if one is missing.
pub(super) fn check_whole(headers: &Headers<'_>) -> Result<(), IntakeProblem> {
    let frame = &headers.frame;
    let coded = &headers.scan.components;
    // A scan of one component is one row of blocks after the other, whatever its sampling (A.2.2).
    let alone = coded.len() == 1;
    let most = |side: fn(&Component) -> u8| {
        let most = frame.components.iter().map(side).max().unwrap_or(1);
        if alone { 1 } else { usize::from(most) }
    };
    let (across, down) = (most(|c| c.across), most(|c| c.down));
    let units = usize::from(frame.width).div_ceil(8 * across) * usize::from(frame.height).div_ceil(8 * down);
    let mut bits = headers.bits();
    for unit in 0..units {
        if headers.restart > 0 && unit > 0 && unit % headers.restart == 0 {
            bits.restart(((unit / headers.restart - 1) % 8) as u8)?;
        }
        for coded in coded {
            let component = frame.components[coded.component];
            let blocks = if alone { 1 } else { component.across * component.down };
            for _ in 0..blocks {
                skip_block(headers, coded, &mut bits)?;
            }
        }
    }
    Ok(())
}

fn skip_block(
    headers: &Headers<'_>,
    coded: &ScanComponent,
    bits: &mut BitReader<'_>,
) -> Result<(), IntakeProblem> {
    let category = headers.dc(coded)?.decode(bits)?;
    if category > 11 {
        return Err(damaged(NAME, "a coefficient is too large"));
    }
    bits.take(u32::from(category))?;
    let table = headers.ac(coded)?;
    let mut at = 1;
    while at < BLOCK {
        let code = table.decode(bits)?;
        match (code >> 4, code & 15) {
            (15, 0) => at += 16,
            // The rest of the block is zero.
            (_, 0) => return Ok(()),
            (zeros, size) => {
                at += usize::from(zeros) + 1;
                bits.take(u32::from(size))?;
            }
        }
    }
    if at > BLOCK { Err(damaged(NAME, "a block holds too many coefficients")) } else { Ok(()) }
}

/// The pixels of a stream that is whole and of the size in `format`.
pub(super) fn decode(format: &PixelFormat, bytes: &[u8]) -> Result<Samples, IntakeProblem> {
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
        Photometric::Rgb => Samples::Rgb(pixels),
        Photometric::Ybr => {
            let mut colours = pixels;
            ybr::to_rgb(&mut colours);
            Samples::Rgb(colours)
        }
    })
}
