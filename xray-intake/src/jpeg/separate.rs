//! Sequential frames with a scan for each of three components, some of which have fewer samples than others (A.2.2).
//! zune-jpeg puts their blocks in the wrong places. Each scan is therefore decoded as a grey picture of its own, and here
//! the three are brought to one size and joined.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::segments::{Stream, body, marker};
use super::{default_tables, refused};
use crate::IntakeProblem;
use crate::limits::MAX_SIDE;

/// Components of a frame of this kind.
const COMPONENTS: usize = 3;

/// The samples of one component, row by row.
struct Plane {
    samples: Vec<u8>,
    width: usize,
    height: usize,
    /// How many pixels lie beside and above one another for each sample.
    ratio: (usize, usize),
}

/// Three samples a pixel, as they were coded, of a stream that [`super::check`] found whole and of this kind.
pub(super) fn decode(bytes: &[u8], stream: &Stream<'_>) -> Result<Vec<u8>, IntakeProblem> {
    let planes = planes(&bytes[..stream.length], stream)?;
    let (width, height) = (stream.frame.width as usize, stream.frame.height as usize);
    let mut pixels = vec![0; width * height * COMPONENTS];
    for (component, plane) in planes.iter().enumerate() {
        let samples = pixels[component..].iter_mut().step_by(COMPONENTS);
        for (at, sample) in samples.enumerate() {
            *sample = plane.at(at % width, at / width);
        }
    }
    Ok(pixels)
}

/// Each component in the order of the frame.
fn planes(bytes: &[u8], stream: &Stream<'_>) -> Result<[Plane; COMPONENTS], IntakeProblem> {
    let mut found: [Option<Plane>; COMPONENTS] = [None, None, None];
    // Tables and restart intervals that hold from here on.
    let mut tables = vec![0xff, 0xd8];
    if stream.without_tables {
        tables.extend(default_tables::segment());
    }
    let (mut at, mut scans) = (2, 0);
    while scans < COMPONENTS {
        let kind = marker(bytes, &mut at, scans > 0)?.0;
        let start = at - 2;
        let content = body(bytes, at)?;
        at += 2 + content.len();
        match kind {
            0xc4 | 0xdb | 0xdd => {
                tables.extend([0xff, kind]);
                tables.extend(&bytes[start + 2..at]);
            }
            0xda => {
                let length = entropy_coded(&bytes[at..]);
                let component = stream.frame.components.iter().position(|c| Some(&c.id) == content.get(1));
                let slot = component.and_then(|component| found.get_mut(component));
                let (Some(component), Some(slot)) = (component, slot) else {
                    return Err(refused::uncommon_form());
                };
                let scan = [&[0xff, kind][..], &bytes[start + 2..at + length]].concat();
                *slot = Some(plane(stream, component, &tables, &scan)?);
                at += length;
                scans += 1;
            }
            _ => {}
        }
    }
    match found {
        [Some(first), Some(second), Some(third)] => Ok([first, second, third]),
        _ => Err(refused::uncommon_form()),
    }
}

/// Bytes up to the marker that ends a scan.
fn entropy_coded(data: &[u8]) -> usize {
    let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    data.windows(2).position(ends).unwrap_or(data.len())
}

/// Decodes a scan, header included, as the only one of a grey picture.
fn plane(stream: &Stream<'_>, component: usize, tables: &[u8], scan: &[u8]) -> Result<Plane, IntakeProblem> {
    let frame = &stream.frame;
    let (across, down) = frame.most();
    let coded = frame.components[component];
    let ratio = (across / usize::from(coded.across), down / usize::from(coded.down));
    let (width, height) =
        ((frame.width as usize).div_ceil(ratio.0), (frame.height as usize).div_ceil(ratio.1));
    let [w1, w0] = (width as u16).to_be_bytes();
    let [h1, h0] = (height as u16).to_be_bytes();
    let header = [0xff, 0xc1, 0, 11, 8, h1, h0, w1, w0, 1, coded.id, 0x11, coded.quantisation];
    let bytes = [tables, &header, scan, &[0xff, 0xd9]].concat();
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(MAX_SIDE as usize)
        .set_max_height(MAX_SIDE as usize)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let samples = JpegDecoder::new_with_options(ZCursor::new(&bytes[..]), options)
        .decode()
        .ok()
        .filter(|samples| samples.len() == width * height)
        .ok_or_else(refused::uncommon_form)?;
    Ok(Plane { samples, width, height, ratio })
}

impl Plane {
    /// The sample of a pixel. Of two pixels a sample, each lies a quarter from its middle and is three parts of it and one
    /// of the next, as libjpeg has it; of four, each is the sample.
    fn at(&self, x: usize, y: usize) -> u8 {
        let columns = Self::neighbours(x, self.ratio.0, self.width);
        let rows = Self::neighbours(y, self.ratio.1, self.height);
        let sum: u32 = rows
            .iter()
            .flat_map(|(row, down)| columns.iter().map(move |(column, across)| (row, column, down * across)))
            .map(|(row, column, weight)| weight * u32::from(self.samples[row * self.width + column]))
            .sum();
        ((sum + 8) / 16) as u8
    }

    /// Two samples along an axis of `length` samples, with their weights in quarters.
    fn neighbours(pixel: usize, ratio: usize, length: usize) -> [(usize, u32); 2] {
        let near = pixel / ratio;
        if ratio != 2 {
            return [(near, 4), (near, 0)];
        }
        let far = if pixel.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(length - 1) };
        [(near, 3), (far, 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_spread_as_libjpeg_does() {
        let plane = Plane { samples: vec![0, 100, 200, 40], width: 4, height: 1, ratio: (2, 1) };
        let row: Vec<_> = (0..8).map(|x| plane.at(x, 0)).collect();
        // By hand: (3 · near + far + 2) / 4, borders stand for what is beyond them.
        assert_eq!(row, [0, 25, 75, 125, 175, 160, 80, 40]);
        let four = Plane { samples: vec![9, 90], width: 2, height: 1, ratio: (4, 1) };
        assert_eq!((0..8).map(|x| four.at(x, 0)).collect::<Vec<_>>(), [9, 9, 9, 9, 90, 90, 90, 90]);
    }

    #[test]
    fn a_scan_ends_at_its_marker() {
        assert_eq!(entropy_coded(&[1, 0xff, 0x00, 2, 0xff, 0xd3, 3, 0xff, 0xff, 0xda]), 8);
    }
}
