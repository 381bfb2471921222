//! Walks a scan of a sequential frame (F.2.2) without computing a pixel.

use super::frame::BLOCK;
use super::huffman::{BitReader, Huffman};
use super::scan::{Progress, Scan, add_difference};
use super::segments::Tables;
use super::{damaged, refused};
use crate::IntakeProblem;

/// The number of bytes that the scan has in `data`.
///
/// # Errors
/// As [`super::check`].
pub(super) fn walk(
    progress: &mut Progress,
    scan: &Scan,
    tables: &Tables,
    data: &[u8],
) -> Result<usize, IntakeProblem> {
    if scan.band != (0, BLOCK - 1) || (scan.high, scan.low) != (0, 0) {
        return Err(damaged("a scan header is not valid"));
    }
    refused::check_scans(&progress.frame, scan.components.len())?;
    progress.note(scan)?;
    let frame = &progress.frame;
    let coded = scan
        .components
        .iter()
        .map(|coded| Ok((tables.dc_of(coded)?, tables.ac_of(coded)?, tables.most_dc(frame, coded)?)))
        .collect::<Result<Vec<_>, IntakeProblem>>()?;
    let mut values = [0; 4];
    scan.walk(
        frame,
        tables,
        data,
        &mut values,
        |values, bits, index, _| {
            let (dc, ac, most) = coded[index];
            add_difference(dc, bits, &mut values[index], most)?;
            skip_coefficients(ac, bits)
        },
        |values| {
            *values = [0; 4];
            Ok(())
        },
    )
}

/// Steps over the coefficients of a block behind the first.
fn skip_coefficients(table: &Huffman, bits: &mut BitReader<'_>) -> Result<(), IntakeProblem> {
    let mut at = 1;
    while at < BLOCK {
        let code = table.skip_coefficient(bits)?;
        match (code >> 4, code & 15) {
            (15, 0) => at += 16,
            // The rest of the block is zero.
            (_, 0) => return Ok(()),
            (zeros, _) => at += usize::from(zeros) + 1,
        }
    }
    if at > BLOCK { Err(damaged("a block holds too many coefficients")) } else { Ok(()) }
}
