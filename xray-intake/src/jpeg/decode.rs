//! From a whole stream to pixels, by zune-jpeg.

use std::borrow::Cow;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::segments::{Stream, check};
use super::{default_tables, refused, separate};
use crate::IntakeProblem;
use crate::limits::MAX_SIDE;
use crate::orientation::Orientation;
use crate::radiograph::{Pixels, Radiograph};
use crate::ybr;

/// The picture of a JPEG file, upright as its Exif says.
///
/// # Errors
/// As [`check`], and for a size outside the limits.
pub(crate) fn decode(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    let stream = check(bytes)?;
    let orientation = stream.exif.map_or(Orientation::UPRIGHT, Orientation::of_exif);
    let (width, height) = (stream.frame.width, stream.frame.height);
    let grey = stream.frame.components.len() == 1;
    if stream.separate {
        let mut colours = separate::decode(bytes, &stream)?;
        if !is_rgb(&stream) {
            ybr::to_rgb(&mut colours);
        }
        return Radiograph::new(width, height, Pixels::Rgb(colours))?.oriented(orientation);
    }
    let bytes = prepared(bytes, &stream);
    let colours = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(MAX_SIDE as usize)
        .set_max_height(MAX_SIDE as usize)
        .jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..]), options);
    let levels = decoder.decode().map_err(|_| refused::uncommon_form())?;
    let pixels = if grey { Pixels::Grey(levels) } else { Pixels::Rgb(levels) };
    Radiograph::new(width, height, pixels)?.oriented(orientation)
}

/// Whether three components are red, green and blue: Adobe's segment says so, or their numbers are these letters.
fn is_rgb(stream: &Stream<'_>) -> bool {
    let letters = stream.frame.components.iter().map(|component| component.id).eq(*b"RGB");
    stream.adobe == Some(0) || (letters && stream.adobe.is_none() && !stream.jfif)
}

/// The stream as the decoder takes it: up to its end marker, with Huffman tables, without zeros between segments, and
/// without what Adobe's segment says of the colours of a grey picture, which the decoder would believe.
fn prepared<'a>(bytes: &'a [u8], stream: &Stream<'_>) -> Cow<'a, [u8]> {
    let bytes = &bytes[..stream.length];
    let grey = stream.frame.components.len() == 1;
    if !(stream.without_tables || stream.zeros || (grey && stream.adobe.is_some())) {
        return Cow::Borrowed(bytes);
    }
    let mut out = bytes[..2].to_vec();
    if stream.without_tables {
        out.extend(default_tables::segment());
    }
    let mut at = 2;
    // Up to the first scan segments follow one another; `check` saw them.
    while let Some(&[first, marker, high, low]) = bytes.get(at..at + 4) {
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        if first != 0xff || marker == 0xff {
            at += 1;
            continue;
        }
        if marker == 0xda {
            break;
        }
        if let (true, Some(segment)) = (marker != 0xee || !grey, bytes.get(at..end)) {
            out.extend(segment);
        }
        at = end;
    }
    out.extend(bytes.get(at..).unwrap_or_default());
    Cow::Owned(out)
}
