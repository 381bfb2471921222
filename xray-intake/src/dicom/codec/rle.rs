//! Runs of bytes (PS3.5, annex G): a header of offsets, then one segment a byte of a sample, the high byte first.

use super::super::pixel_format::{Photometric, PixelFormat};
use super::native::interleave;
use super::{Samples, damaged};
use crate::IntakeProblem;
use crate::ybr;

/// Bytes of the header: a count and fifteen offsets.
const HEADER: usize = 64;

/// Two bytes of code give at most this many of the image.
const LONGEST_RUN: usize = 128;

pub(super) fn decode(format: &PixelFormat, bytes: &[u8]) -> Result<Samples, IntakeProblem> {
    let segments = format.bytes * format.photometric.samples();
    let (header, _) = bytes.split_at_checked(HEADER).ok_or(IntakeProblem::Truncated)?;
    let mut numbers = header
        .chunks_exact(4)
        .map(|field| u32::from_le_bytes([field[0], field[1], field[2], field[3]]) as usize);
    if numbers.next() != Some(segments) {
        return Err(damaged("RLE", "it has another number of segments than a pixel has bytes"));
    }
    let starts: Vec<usize> = numbers.take(segments).collect();
    // A file of few bytes that names a large image is found out before memory is taken for it.
    if bytes.len().saturating_mul(LONGEST_RUN / 2) < format.pixels() * segments {
        return Err(IntakeProblem::Truncated);
    }
    let mut planes = Vec::with_capacity(format.pixels() * segments);
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(bytes.len());
        if *start < HEADER || end < *start {
            return Err(damaged("RLE", "its segments overlap"));
        }
        let segment = bytes.get(*start..end).ok_or(IntakeProblem::Truncated)?;
        unpack(segment, format.pixels(), &mut planes)?;
    }
    Ok(match format.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 if format.bytes == 2 => {
            let (high, low) = planes.split_at(format.pixels());
            let words = high.iter().zip(low).map(|(high, low)| u16::from_be_bytes([*high, *low]));
            Samples::Grey(words.map(|word| format.code(word)).collect())
        }
        Photometric::Monochrome1 | Photometric::Monochrome2 => {
            Samples::Grey(planes.iter().map(|byte| format.code(u16::from(*byte))).collect())
        }
        Photometric::Rgb => Samples::Rgb(interleave(&planes)),
        Photometric::Ybr => {
            let mut colours = interleave(&planes);
            ybr::to_rgb(&mut colours);
            Samples::Rgb(colours)
        }
    })
}

/// Appends `length` bytes of a segment. What the segment holds beyond them is padding.
fn unpack(mut segment: &[u8], length: usize, out: &mut Vec<u8>) -> Result<(), IntakeProblem> {
    let end = out.len() + length;
    while out.len() < end {
        let [control, rest @ ..] = segment else { return Err(IntakeProblem::Truncated) };
        let left = end - out.len();
        match *control {
            // So many bytes as they are.
            0..=127 => {
                let count = usize::from(*control) + 1;
                let (literal, rest) = rest.split_at_checked(count).ok_or(IntakeProblem::Truncated)?;
                out.extend_from_slice(&literal[..count.min(left)]);
                segment = rest;
            }
            128 => segment = rest,
            // One byte, repeated.
            129..=255 => {
                let [byte, rest @ ..] = rest else { return Err(IntakeProblem::Truncated) };
                let count = 257 - usize::from(*control);
                out.resize(out.len() + count.min(left), *byte);
                segment = rest;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_packbits() {
        // Apple's Technical Note TN1023: packed and unpacked.
        let packed =
            [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let unpacked = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        let mut out = Vec::new();
        assert_eq!(unpack(&packed, unpacked.len(), &mut out), Ok(()));
        assert_eq!(out, unpacked);
        assert_eq!(unpack(&packed, unpacked.len() + 1, &mut Vec::new()), Err(IntakeProblem::Truncated));
        assert_eq!(unpack(&packed[..5], 8, &mut Vec::new()), Err(IntakeProblem::Truncated));
    }
}
