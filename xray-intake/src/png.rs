//! PNG (ISO/IEC 15948), by the png crate within bounds of memory.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};

use crate::IntakeProblem;
use crate::orientation::Orientation;
use crate::radiograph::{Pixels, Radiograph, check_size};
use crate::sixteen_bits;

/// Bytes that chunks other than the pixels may take.
const MAX_CHUNKS: usize = 16 * 1024 * 1024;

/// Bytes of the pixels of an interlaced file, which are kept until its end.
const MAX_INTERLACED: usize = 160 * 1024 * 1024;

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
    let (colour, depth) = reader.output_color_type();
    let (channels, colours) = match colour {
        ColorType::Grayscale => (1, 1),
        ColorType::GrayscaleAlpha => (2, 1),
        ColorType::Rgb => (3, 3),
        ColorType::Rgba => (4, 3),
        ColorType::Indexed => return Err(damaged("its palette is missing")),
    };
    let mut sink = Sink { channels, colours, deep: depth == BitDepth::Sixteen, ..Sink::default() };
    sink.levels.reserve_exact(width as usize * height as usize * colours);
    if reader.info().interlaced {
        let size = reader.output_buffer_size().filter(|size| *size <= MAX_INTERLACED);
        let mut samples = vec![0; size.ok_or(IntakeProblem::TooManyPixels { width, height })?];
        let info = reader.next_frame(&mut samples).map_err(|error| describe(&error))?;
        sink.take(&samples[..info.buffer_size()]);
    } else {
        while let Some(row) = reader.next_row().map_err(|error| describe(&error))? {
            sink.take(row.data());
        }
    }
    reader.finish().map_err(|error| describe(&error))?;
    let orientation =
        reader.info().exif_metadata.as_deref().map_or(Orientation::UPRIGHT, Orientation::of_exif);
    if sink.deep {
        sixteen_bits::check_range([sink.lowest, sink.highest].into_iter(), u16::MAX)?;
    }
    let pixels = if colours == 1 { Pixels::Grey(sink.levels) } else { Pixels::Rgb(sink.levels) };
    Radiograph::new(width, height, pixels)?.oriented(orientation)
}

/// Takes samples as they come and keeps levels of 8 bits, without those of the alpha channel, which is the last of a
/// pixel.
#[derive(Default)]
struct Sink {
    levels: Vec<u8>,
    channels: usize,
    colours: usize,
    /// Whether a sample has two bytes.
    deep: bool,
    /// Of samples of two bytes.
    lowest: u16,
    highest: u16,
}

impl Sink {
    /// Takes whole pixels.
    fn take(&mut self, samples: &[u8]) {
        let (channels, colours) = (self.channels, self.colours);
        if !self.deep {
            let pixels = samples.chunks_exact(channels);
            self.levels.extend(pixels.flat_map(|pixel| &pixel[..colours]));
            return;
        }
        for pixel in samples.chunks_exact(2 * channels) {
            for word in pixel[..2 * colours].chunks_exact(2) {
                let sample = u16::from_be_bytes([word[0], word[1]]);
                self.lowest = if self.levels.is_empty() { sample } else { self.lowest.min(sample) };
                self.highest = self.highest.max(sample);
                self.levels.push(sixteen_bits::to_eight(sample));
            }
        }
    }
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
