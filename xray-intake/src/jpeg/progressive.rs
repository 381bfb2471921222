//! Walks a scan of a progressive frame (annex G). Which coefficients are not zero must be known: each of them has a
//! bit in a later scan.

use super::damaged;
use super::frame::BLOCK;
use super::huffman::{BitReader, Huffman};
use super::scan::{Progress, Scan, add_difference};
use super::segments::Tables;
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
    let (first, last) = scan.band;
    let valid = if first == 0 { last == 0 } else { (first..BLOCK).contains(&last) };
    if !valid || scan.low > 13 || (first > 0 && scan.components.len() > 1) {
        return Err(damaged("a scan header is not valid"));
    }
    progress.note(scan)?;
    match (first, scan.high) {
        (0, 0) => walk_dc(progress, scan, tables, data),
        (0, _) => {
            let frame = &progress.frame;
            scan.walk(frame, tables, data, &mut (), |(), bits, _, _| bits.take(1).map(drop), |()| Ok(()))
        }
        _ => walk_ac(progress, scan, tables, data),
    }
}

fn walk_dc(progress: &Progress, scan: &Scan, tables: &Tables, data: &[u8]) -> Result<usize, IntakeProblem> {
    let frame = &progress.frame;
    let coded = scan
        .components
        .iter()
        .map(|coded| Ok((tables.dc_of(coded)?, (tables.most_dc(frame, coded)? >> scan.low) + 1)))
        .collect::<Result<Vec<_>, IntakeProblem>>()?;
    let mut values = [0; 4];
    scan.walk(
        frame,
        tables,
        data,
        &mut values,
        |values, bits, index, _| {
            let (table, most) = coded[index];
            add_difference(table, bits, &mut values[index], most)
        },
        |values| {
            *values = [0; 4];
            Ok(())
        },
    )
}

/// A band of one component's coefficients.
struct Band<'a> {
    table: &'a Huffman,
    first: usize,
    last: usize,
    /// Blocks to come that hold nothing new.
    empty: u32,
    set: &'a mut [u64],
}

fn walk_ac(
    progress: &mut Progress,
    scan: &Scan,
    tables: &Tables,
    data: &[u8],
) -> Result<usize, IntakeProblem> {
    let coded = scan.components[0];
    let table = tables.ac_of(&coded)?;
    let (first, last) = scan.band;
    let set = &mut progress.set[coded.component][..];
    let mut band = Band { table, first, last, empty: 0, set };
    let refines = scan.high > 0;
    scan.walk(
        &progress.frame,
        tables,
        data,
        &mut band,
        |band, bits, _, place| if refines { band.refine(bits, place) } else { band.begin(bits, place) },
        |band| match band.empty {
            0 => Ok(()),
            _ => Err(damaged("blocks are missing at the end of an interval")),
        },
    )
}

impl Band<'_> {
    /// The first scan of the band (G.1.2.2).
    fn begin(&mut self, bits: &mut BitReader<'_>, place: usize) -> Result<(), IntakeProblem> {
        if self.empty > 0 {
            self.empty -= 1;
            return Ok(());
        }
        let mut at = self.first;
        while at <= self.last {
            let code = self.table.decode(bits)?;
            match (code >> 4, code & 15) {
                (15, 0) => at += 16,
                (run, 0) => {
                    self.empty = (1 << run) - 1 + bits.take(u32::from(run))?;
                    return Ok(());
                }
                (zeros, size) => {
                    at += usize::from(zeros);
                    if at > self.last {
                        break;
                    }
                    bits.take(u32::from(size))?;
                    self.set[place] |= 1 << at;
                    at += 1;
                    continue;
                }
            }
        }
        if at > self.last + 1 { Err(damaged("a block holds too many coefficients")) } else { Ok(()) }
    }

    /// A later scan of the band: one more bit of each coefficient that is not zero, and new ones (G.1.2.3).
    fn refine(&mut self, bits: &mut BitReader<'_>, place: usize) -> Result<(), IntakeProblem> {
        let mut at = self.first;
        while at <= self.last && self.empty == 0 {
            let code = self.table.decode(bits)?;
            let (mut zeros, size) = (code >> 4, code & 15);
            match size {
                0 if zeros < 15 => {
                    self.empty = (1 << zeros) + bits.take(u32::from(zeros))?;
                    break;
                }
                0 => {}
                // The sign of a new coefficient.
                1 => bits.take(1).map(drop)?,
                _ => return Err(damaged("a coefficient is too large")),
            }
            while at <= self.last {
                if self.set[place] >> at & 1 == 1 {
                    bits.take(1)?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if size == 1 {
                if at > self.last {
                    return Err(damaged("a block holds too many coefficients"));
                }
                self.set[place] |= 1 << at;
            }
            at += 1;
        }
        if self.empty > 0 {
            let behind = if at < BLOCK { u64::MAX << at } else { 0 };
            let ours = behind & (u64::MAX >> (63 - self.last));
            for _ in 0..(self.set[place] & ours).count_ones() {
                bits.take(1)?;
            }
            self.empty -= 1;
        }
        Ok(())
    }
}
