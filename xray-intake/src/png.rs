//! PNG (ISO/IEC 15948), by the png crate within bounds of memory.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};

use crate::IntakeProblem;
use crate::orientation::Orientation;
use crate::radiograph::{Pixels, Radiograph, check_size};
use crate::sixteen_bits;

/// Bytes that chunks other than the pixels may take.
const MAX_CHUNKS: usize = 16 * 1024 * 1024;

/// What a file begins with.
pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The picture of a PNG file, upright as its Exif says. Profiles of colour and texts are stepped over: a small one can
/// inflate to gigabytes, and levels are taken as they are.
///
/// # Errors
/// [`IntakeProblem::Truncated`] without its end, [`IntakeProblem::Damaged`] if a sum over pixels is wrong, and for a size
/// or values outside the limits.
pub(crate) fn decode(bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MAX_CHUNKS });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.ignore_checksums(false);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(|error| describe(&error))?;
    let (width, height) = (header.width, header.height);
    check_size(width, height)?;
    // The pixels themselves are bounded by their size.
    decoder.set_limits(Limits { bytes: usize::MAX });
    let mut reader = decoder.read_info().map_err(|error| describe(&error))?;
    let size = reader.output_buffer_size().ok_or(IntakeProblem::TooManyPixels { width, height })?;
    let mut levels = vec![0; size];
    let info = reader.next_frame(&mut levels).map_err(|error| describe(&error))?;
    levels.truncate(info.buffer_size());
    reader.finish().map_err(|error| describe(&error))?;
    let orientation =
        reader.info().exif_metadata.as_deref().map_or(Orientation::UPRIGHT, Orientation::of_exif);
    let (channels, colours) = match info.color_type {
        ColorType::Grayscale => (1, 1),
        ColorType::GrayscaleAlpha => (2, 1),
        ColorType::Rgb => (3, 3),
        ColorType::Rgba => (4, 3),
        ColorType::Indexed => return Err(damaged("its palette is missing")),
    };
    let levels = match info.bit_depth {
        BitDepth::Eight => levels,
        BitDepth::Sixteen => {
            let samples = levels.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]]));
            sixteen_bits::check_range(colours_of(samples.clone(), channels, colours), u16::MAX)?;
            samples.map(sixteen_bits::to_eight).collect()
        }
        _ => return Err(damaged("its samples were not expanded to 8 bits")),
    };
    let levels = if channels == colours {
        levels
    } else {
        colours_of(levels.into_iter(), channels, colours).collect()
    };
    let pixels = if colours == 1 { Pixels::Grey(levels) } else { Pixels::Rgb(levels) };
    Radiograph::new(width, height, pixels)?.oriented(orientation)
}

/// The samples without those of the alpha channel, which is the last of a pixel.
fn colours_of<T>(
    samples: impl Iterator<Item = T>,
    channels: usize,
    colours: usize,
) -> impl Iterator<Item = T> {
    samples.enumerate().filter(move |(at, _)| at % channels < colours).map(|(_, sample)| sample)
}

fn damaged(reason: impl Into<String>) -> IntakeProblem {
    IntakeProblem::Damaged { format: "PNG", reason: reason.into() }
}

fn describe(error: &DecodingError) -> IntakeProblem {
    match error {
        DecodingError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            IntakeProblem::Truncated
        }
        other => damaged(other.to_string()),
    }
}
