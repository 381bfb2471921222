//! The segments before the first scan (annex B.2).

use super::super::super::DicomProblem;
use super::{NAME, damaged};
use crate::IntakeProblem;
use crate::jpeg::huffman::{BitReader, Huffman};

/// A component of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component {
    id: u8,
    /// Sampling factors, 1 to 4.
    pub across: u8,
    pub down: u8,
}

/// The frame header.
#[derive(Debug)]
pub(super) struct Frame {
    /// Number of its marker: 0 and 1 sequential, 2 progressive, 3 lossless.
    pub process: u8,
    pub precision: u8,
    pub height: u16,
    pub width: u16,
    pub components: Vec<Component>,
}

/// A component of a scan: where it is in the frame, and its tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanComponent {
    pub component: usize,
    dc: usize,
}

/// The scan header.
#[derive(Debug)]
pub(super) struct Scan {
    pub components: Vec<ScanComponent>,
    /// Start of spectral selection; the predictor of a lossless scan.
    pub start: u8,
    /// Bits by which samples were shifted down before they were coded.
    pub shift: u8,
}

/// What stands before the data of the first scan.
#[derive(Debug)]
pub(super) struct Headers<'a> {
    pub frame: Frame,
    pub scan: Scan,
    /// Units between restart markers; 0 without them.
    pub restart: usize,
    tables: [[Option<Huffman>; 4]; 2],
    /// From the first entropy-coded byte on.
    data: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Reads the segments from the start of an image to its first scan.
    pub fn read(bytes: &'a [u8]) -> Result<Self, IntakeProblem> {
        let Some([0xff, 0xd8]) = bytes.get(..2) else {
            return Err(damaged(NAME, "it does not begin as JPEG does"));
        };
        let mut tables: [[Option<Huffman>; 4]; 2] = Default::default();
        let (mut frame, mut restart, mut at) = (None, 0, 2);
        loop {
            let head = bytes.get(at..at + 4).ok_or(IntakeProblem::Truncated)?;
            let [0xff, marker, high, low] = *head else {
                return Err(damaged(NAME, "a segment does not begin with a marker"));
            };
            // Bytes of 0xff may stand before a marker.
            if marker == 0xff {
                at += 1;
                continue;
            }
            let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
            let body = bytes.get(at + 4..end.max(at + 4)).ok_or(IntakeProblem::Truncated)?;
            match marker {
                0xc4 => read_tables(body, &mut tables)?,
                0xc0..=0xc3 if frame.is_none() => frame = Some(read_frame(marker - 0xc0, body)?),
                0xc0..=0xcf if marker != 0xc8 && marker != 0xcc => {
                    return Err(
                        DicomProblem::Coding { name: "a kind of JPEG outside the common ones" }.into()
                    );
                }
                0xdd => match *body {
                    [high, low] => restart = usize::from(u16::from_be_bytes([high, low])),
                    _ => return Err(damaged(NAME, "its restart interval is no number")),
                },
                0xda => {
                    let frame = frame.ok_or_else(|| damaged(NAME, "a scan comes before the frame"))?;
                    let scan = read_scan(body, &frame)?;
                    return Ok(Headers { frame, scan, restart, tables, data: &bytes[end..] });
                }
                0xd8 | 0xd9 => return Err(damaged(NAME, "it holds no scan")),
                _ => {}
            }
            at = end;
        }
    }

    /// The entropy-coded data from their beginning.
    pub fn bits(&self) -> BitReader<'a> {
        BitReader::new(self.data)
    }

    /// The table of a component for lossless differences.
    pub fn dc(&self, coded: &ScanComponent) -> Result<&Huffman, IntakeProblem> {
        self.tables[0][coded.dc].as_ref().ok_or_else(|| damaged(NAME, "a table of codes is missing"))
    }
}

fn read_tables(mut body: &[u8], tables: &mut [[Option<Huffman>; 4]; 2]) -> Result<(), IntakeProblem> {
    let bad = || damaged(NAME, "a table of codes is not valid");
    while let [kind, rest @ ..] = body {
        let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(bad)?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (values, rest) = rest.split_at_checked(total).ok_or_else(bad)?;
        let class = tables.get_mut(usize::from(kind >> 4)).ok_or_else(bad)?;
        let table = class.get_mut(usize::from(kind & 15)).ok_or_else(bad)?;
        *table = Some(Huffman::new(*counts, values).ok_or_else(bad)?);
        body = rest;
    }
    Ok(())
}

fn read_frame(process: u8, body: &[u8]) -> Result<Frame, IntakeProblem> {
    let bad = || damaged(NAME, "its frame header is not valid");
    let (&[precision, h1, h0, w1, w0, count], components) = body.split_first_chunk::<6>().ok_or_else(bad)?;
    let (height, width) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]));
    let components: Vec<_> = components
        .chunks_exact(3)
        .map(|c| Component { id: c[0], across: c[1] >> 4, down: c[1] & 15 })
        .collect();
    let sampling = components.iter().all(|c| (1..=4).contains(&c.across) && (1..=4).contains(&c.down));
    if components.len() != usize::from(count) || !sampling || !(2..=16).contains(&precision) {
        return Err(bad());
    }
    Ok(Frame { process, precision, height, width, components })
}

fn read_scan(body: &[u8], frame: &Frame) -> Result<Scan, IntakeProblem> {
    let bad = || damaged(NAME, "its scan header is not valid");
    let (count, rest) = body.split_first().ok_or_else(bad)?;
    let (pairs, rest) = rest.split_at_checked(2 * usize::from(*count)).ok_or_else(bad)?;
    let &[start, _, approximation] = rest else { return Err(bad()) };
    let components = pairs
        .chunks_exact(2)
        .map(|pair| {
            let component = frame.components.iter().position(|c| c.id == pair[0])?;
            let (dc, ac) = (usize::from(pair[1] >> 4), usize::from(pair[1] & 15));
            (dc < 4 && ac < 4).then_some(ScanComponent { component, dc })
        })
        .collect::<Option<Vec<_>>>();
    Ok(Scan { components: components.ok_or_else(bad)?, start, shift: approximation & 15 })
}
