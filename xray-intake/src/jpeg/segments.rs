//! The segments of a stream (annex B), from its beginning to the end marker.

use super::frame::Frame;
use super::huffman::Huffman;
use super::scan::{Progress, Scan};
use super::{damaged, default_tables, progressive, refused, sequential};
use crate::IntakeProblem;

/// Scans of a picture; usual progressive ones have ten. Each can cost time without holding data.
const MOST_SCANS: usize = 64;

/// Segments of a picture.
const MOST_SEGMENTS: usize = 4096;

/// Bytes of zero that may stand between two segments before the first scan; libjpeg passes over them, too.
const MOST_ZEROS: usize = 64;

/// Huffman tables and quantisation of DC coefficients that hold at a place of the stream.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub dc: [Option<Huffman>; 4],
    pub ac: [Option<Huffman>; 4],
    /// The step of the DC coefficient.
    pub steps: [Option<u16>; 4],
    /// Units between restart markers; 0 without them.
    pub restart: usize,
}

/// What a whole stream says of itself.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    /// Its one frame.
    pub frame: Frame,
    /// Whether an APP0 segment says JFIF.
    pub jfif: bool,
    /// The colour transform of Adobe's APP14 segment: 0 none, 1 YCbCr, 2 YCCK.
    pub adobe: Option<u8>,
    /// The first APP1 segment that holds Exif, from its TIFF header on.
    pub exif: Option<&'a [u8]>,
    /// Whether it has no Huffman tables of its own, as frames of motion JPEG.
    pub without_tables: bool,
    /// Whether zeros stand between its segments.
    pub zeros: bool,
    /// Whether its components, of which some are reduced, have a scan each.
    pub separate: bool,
    /// Number of bytes up to and with its end marker.
    pub length: usize,
}

/// Reads the segments and walks every scan to its last sample.
///
/// # Errors
/// [`IntakeProblem::Truncated`] if anything is missing before the end marker, or the end marker;
/// [`IntakeProblem::Damaged`] if there is more than there should be or what cannot be;
/// [`IntakeProblem::OtherFormat`] for processes that are not read.
pub(crate) fn check(bytes: &[u8]) -> Result<Stream<'_>, IntakeProblem> {
    let Some([0xff, 0xd8]) = bytes.get(..2) else {
        return Err(damaged("it does not begin as JPEG does"));
    };
    let mut tables = Tables::default();
    let mut progress: Option<Progress> = None;
    let (mut jfif, mut adobe, mut exif) = (false, None, None);
    let (mut own_tables, mut zeros) = (false, false);
    let mut at = 2;
    for _ in 0..MOST_SEGMENTS {
        let after_scan = progress.as_ref().is_some_and(|progress| progress.scans > 0);
        let (marker, behind_zeros) = marker(bytes, &mut at, after_scan)?;
        zeros |= behind_zeros;
        if marker == 0xd9 {
            let progress = progress.filter(|progress| progress.scans > 0);
            let progress = progress.ok_or_else(|| damaged("it holds no pixels"))?;
            let separate = progress.is_separate();
            let frame = progress.whole()?;
            let without_tables = !own_tables;
            return Ok(Stream { frame, jfif, adobe, exif, without_tables, zeros, separate, length: at });
        }
        if matches!(marker, 0x00..=0xbf | 0xd0..=0xd8) {
            return Err(damaged("a marker stands where none may"));
        }
        let body = body(bytes, at)?;
        let end = at + 2 + body.len();
        match marker {
            0xc4 => {
                own_tables = true;
                read_huffman(body, &mut tables)?;
            }
            0xcc => return Err(refused::arithmetic()),
            0xdb => read_quantisation(body, &mut tables)?,
            0xdc => return Err(refused::height_behind_the_scan()),
            0xdd => match *body {
                [high, low] => tables.restart = usize::from(u16::from_be_bytes([high, low])),
                _ => return Err(damaged("its restart interval is no number")),
            },
            0xc0..=0xcf | 0xf7 => match progress {
                None => progress = Some(Progress::new(Frame::read(marker, body)?)),
                Some(_) => return Err(damaged("it has two frames")),
            },
            0xda => {
                let progress = progress.as_mut().ok_or_else(|| damaged("a scan comes before the frame"))?;
                if !own_tables && !progress.frame.progressive {
                    default_tables::fill(&mut tables)?;
                }
                let scan = Scan::read(body, &progress.frame)?;
                let data = &bytes[end..];
                let length = if progress.frame.progressive {
                    progressive::walk(progress, &scan, &tables, data)?
                } else {
                    sequential::walk(progress, &scan, &tables, data)?
                };
                progress.scans += 1;
                if progress.scans > MOST_SCANS {
                    return Err(damaged("it has more scans than any writer makes"));
                }
                at = end + length;
                continue;
            }
            0xe0 => jfif |= body.starts_with(b"JFIF\0"),
            0xe1 if exif.is_none() => exif = body.strip_prefix(b"Exif\0").and_then(|rest| rest.get(1..)),
            0xee => adobe = adobe.or_else(|| body.starts_with(b"Adobe").then(|| body.get(11).copied())?),
            _ => {}
        }
        at = end;
    }
    Err(damaged("it has more segments than any writer makes"))
}

/// The marker that begins at `at`, which then is behind it, and whether zeros stood before it.
pub(super) fn marker(bytes: &[u8], at: &mut usize, after_scan: bool) -> Result<(u8, bool), IntakeProblem> {
    let rest = bytes.get(*at..).unwrap_or_default();
    let zeros = rest.iter().take_while(|byte| **byte == 0).count();
    let Some(next) = rest.get(zeros) else { return Err(IntakeProblem::Truncated) };
    if *next != 0xff || zeros > MOST_ZEROS || (zeros > 0 && after_scan) {
        return Err(damaged("bytes that belong to nothing stand between its segments"));
    }
    // Bytes of 0xff may stand before a marker (B.1.1.2).
    let fill = rest[zeros..].iter().take_while(|byte| **byte == 0xff).count();
    let marker = rest.get(zeros + fill).ok_or(IntakeProblem::Truncated)?;
    *at += zeros + fill + 1;
    Ok((*marker, zeros > 0))
}

/// What follows a segment's length, which stands at `at`.
pub(super) fn body(bytes: &[u8], at: usize) -> Result<&[u8], IntakeProblem> {
    let length = bytes.get(at..at + 2).ok_or(IntakeProblem::Truncated)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if length < 2 {
        return Err(damaged("a segment is shorter than its own length"));
    }
    bytes.get(at + 2..at + length).ok_or(IntakeProblem::Truncated)
}

fn read_huffman(mut body: &[u8], tables: &mut Tables) -> Result<(), IntakeProblem> {
    let invalid = || damaged("a table of codes is not valid");
    while let [kind, rest @ ..] = body {
        let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(invalid)?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (values, rest) = rest.split_at_checked(total).ok_or_else(invalid)?;
        let class = match kind >> 4 {
            0 => &mut tables.dc,
            1 => &mut tables.ac,
            _ => return Err(invalid()),
        };
        let table = class.get_mut(usize::from(kind & 15)).ok_or_else(invalid)?;
        *table = Some(Huffman::new(*counts, values).ok_or_else(invalid)?);
        body = rest;
    }
    Ok(())
}

fn read_quantisation(mut body: &[u8], tables: &mut Tables) -> Result<(), IntakeProblem> {
    let invalid = || damaged("a table of quantisation is not valid");
    while let [kind, rest @ ..] = body {
        let (width, number) = (usize::from(kind >> 4) + 1, usize::from(kind & 15));
        if width > 2 {
            return Err(invalid());
        }
        let (steps, rest) = rest.split_at_checked(64 * width).ok_or_else(invalid)?;
        if steps.chunks_exact(width).any(|step| step.iter().all(|byte| *byte == 0)) {
            return Err(invalid());
        }
        let first = steps[..width].iter().fold(0, |value, byte| value << 8 | u16::from(*byte));
        *tables.steps.get_mut(number).ok_or_else(invalid)? = Some(first);
        body = rest;
    }
    Ok(())
}
