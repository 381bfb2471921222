//! A scan's header (B.2.3), the order of its units, and which scans a frame still lacks.

use super::damaged;
use super::frame::{BLOCK, Frame};
use super::huffman::{BitReader, Huffman};
use super::segments::Tables;
use crate::IntakeProblem;

/// Blocks of an interleaved unit (B.2.3).
const MOST_BLOCKS: usize = 10;

/// The DC coefficient of 8-bit samples lies within ±1024; encoders that sharpen edges overshoot a little.
const MOST_DC: i32 = 1024 + 512;

/// A component of a scan: where it stands in the frame, and its tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coded {
    pub component: usize,
    dc: usize,
    ac: usize,
}

/// A scan header.
#[derive(Debug)]
pub(super) struct Scan {
    pub components: Vec<Coded>,
    /// First and last coefficient, in zigzag order.
    pub band: (usize, usize),
    /// Bits by which coefficients were shifted down in the scan before and in this one.
    pub high: u8,
    pub low: u8,
}

impl Scan {
    pub fn read(body: &[u8], frame: &Frame) -> Result<Self, IntakeProblem> {
        let invalid = || damaged("a scan header is not valid");
        let (count, rest) = body.split_first().ok_or_else(invalid)?;
        let (pairs, rest) = rest.split_at_checked(2 * usize::from(*count)).ok_or_else(invalid)?;
        let &[start, end, approximation] = rest else { return Err(invalid()) };
        let components = pairs
            .chunks_exact(2)
            .map(|pair| {
                let component = frame.components.iter().position(|c| c.id == pair[0])?;
                let (dc, ac) = (usize::from(pair[1] >> 4), usize::from(pair[1] & 15));
                (dc < 4 && ac < 4).then_some(Coded { component, dc, ac })
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(invalid)?;
        // In the order of the frame, each once.
        if !(1..=4).contains(&components.len())
            || components.windows(2).any(|pair| pair[0].component >= pair[1].component)
        {
            return Err(invalid());
        }
        let scan = Scan {
            components,
            band: (usize::from(start), usize::from(end)),
            high: approximation >> 4,
            low: approximation & 15,
        };
        let blocks: usize = scan.components.iter().map(|coded| scan.blocks_a_unit(frame, coded)).sum();
        if blocks > MOST_BLOCKS { Err(invalid()) } else { Ok(scan) }
    }

    fn is_alone(&self) -> bool {
        self.components.len() == 1
    }

    /// Blocks of a component in a unit.
    pub fn blocks_a_unit(&self, frame: &Frame, coded: &Coded) -> usize {
        let component = frame.components[coded.component];
        if self.is_alone() { 1 } else { usize::from(component.across) * usize::from(component.down) }
    }

    /// Calls `block` for each block in the order of the stream, with the component of the scan and the block's place
    /// among those of its component, and `restart` before each restart interval but the first.
    pub fn walk<S>(
        &self,
        frame: &Frame,
        tables: &Tables,
        data: &[u8],
        state: &mut S,
        mut block: impl FnMut(&mut S, &mut BitReader<'_>, usize, usize) -> Result<(), IntakeProblem>,
        mut restart: impl FnMut(&mut S) -> Result<(), IntakeProblem>,
    ) -> Result<usize, IntakeProblem> {
        let mut bits = BitReader::new(data);
        let alone = self.is_alone();
        let (columns, rows) = if alone { frame.blocks(self.components[0].component) } else { frame.units() };
        let shapes: Vec<_> = self
            .components
            .iter()
            .map(|coded| {
                let component = frame.components[coded.component];
                let sides = (usize::from(component.across), usize::from(component.down));
                (Progress::stride(frame, coded.component), if alone { (1, 1) } else { sides })
            })
            .collect();
        let mut left = tables.restart;
        let mut number = 0;
        for row in 0..rows {
            for column in 0..columns {
                if tables.restart > 0 {
                    if left == 0 {
                        bits.restart(number)?;
                        restart(state)?;
                        (left, number) = (tables.restart, (number + 1) % 8);
                    }
                    left -= 1;
                }
                for (index, (stride, (across, down))) in shapes.iter().enumerate() {
                    for y in 0..*down {
                        let place = (row * down + y) * stride + column * across;
                        for x in 0..*across {
                            block(state, &mut bits, index, place + x)?;
                        }
                    }
                }
            }
        }
        restart(state)?;
        bits.end()
    }
}

impl Tables {
    pub fn dc_of(&self, coded: &Coded) -> Result<&Huffman, IntakeProblem> {
        self.dc[coded.dc].as_ref().ok_or_else(|| damaged("a table of codes is missing"))
    }

    pub fn ac_of(&self, coded: &Coded) -> Result<&Huffman, IntakeProblem> {
        self.ac[coded.ac].as_ref().ok_or_else(|| damaged("a table of codes is missing"))
    }

    /// The largest DC coefficient of a component in steps of its quantisation.
    pub fn most_dc(&self, frame: &Frame, coded: &Coded) -> Result<i32, IntakeProblem> {
        let number = usize::from(frame.components[coded.component].quantisation);
        let step = self.steps[number].ok_or_else(|| damaged("a table of quantisation is missing"))?;
        Ok(MOST_DC / i32::from(step) + 1)
    }
}

/// Reads one difference of DC coefficients (F.2.2.1) and adds it to `value`.
pub(super) fn add_difference(
    table: &Huffman,
    bits: &mut BitReader<'_>,
    value: &mut i32,
    most: i32,
) -> Result<(), IntakeProblem> {
    let category = u32::from(table.decode(bits)?);
    if category > 11 {
        return Err(damaged("a coefficient is too large"));
    }
    if category > 0 {
        let read = bits.take(category)? as i32;
        let negative = read >> (category - 1) == 0;
        *value += if negative { read + 1 - (1 << category) } else { read };
    }
    if value.abs() > most { Err(damaged("a block is brighter than can be")) } else { Ok(()) }
}

/// How exact each coefficient of a frame is by now.
#[derive(Debug)]
pub(super) struct Progress {
    pub frame: Frame,
    /// Scans that were walked.
    pub scans: usize,
    /// For each component and coefficient the bits that are still to come; none before its first scan.
    missing: Vec<[Option<u8>; BLOCK]>,
    /// For each component of a progressive frame and block, in rows of whole units: a bit for each coefficient that
    /// is not zero.
    pub set: Vec<Vec<u64>>,
}

impl Progress {
    pub fn new(frame: Frame) -> Self {
        let components = frame.components.len();
        let (_, rows) = frame.units();
        let set = (0..components).map(|component| {
            let down = usize::from(frame.components[component].down);
            let blocks = if frame.progressive { Self::stride(&frame, component) * rows * down } else { 0 };
            vec![0; blocks]
        });
        let set = set.collect();
        Progress { scans: 0, missing: vec![[None; BLOCK]; components], set, frame }
    }

    /// Blocks in a row of a component, in whole units.
    fn stride(frame: &Frame, component: usize) -> usize {
        frame.units().0 * usize::from(frame.components[component].across)
    }

    /// Notes a scan.
    ///
    /// # Errors
    /// [`IntakeProblem::Damaged`] if it does not continue what came before (G.1.1.1).
    pub fn note(&mut self, scan: &Scan) -> Result<(), IntakeProblem> {
        let before = (scan.high > 0).then_some(scan.high);
        for coded in &scan.components {
            let missing = &mut self.missing[coded.component];
            if scan.band.0 > 0 && missing[0].is_none() {
                return Err(damaged("a scan comes before the one that it continues"));
            }
            for state in &mut missing[scan.band.0..=scan.band.1] {
                if *state != before || (before.is_some() && scan.low + 1 != scan.high) {
                    return Err(damaged("a scan does not continue the one before"));
                }
                *state = Some(scan.low);
            }
        }
        Ok(())
    }

    /// Whether it is a sequential frame of reduced colours with a scan for each component.
    pub fn is_separate(&self) -> bool {
        let components = &self.frame.components;
        let reduced = components.iter().any(|c| (c.across, c.down) != (1, 1));
        !self.frame.progressive && reduced && components.len() > 1 && self.scans == components.len()
    }

    /// The frame, if every coefficient came to its last bit.
    ///
    /// # Errors
    /// [`IntakeProblem::Truncated`] if a scan is missing.
    pub fn whole(self) -> Result<Frame, IntakeProblem> {
        let whole = self.missing.iter().flatten().all(|state| *state == Some(0));
        if whole { Ok(self.frame) } else { Err(IntakeProblem::Truncated) }
    }
}
