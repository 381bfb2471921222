//! The frame header (B.2.2): size, components and how they are sampled.

use super::{damaged, refused};
use crate::IntakeProblem;
use crate::radiograph::check_size;

/// Coefficients of a block.
pub(super) const BLOCK: usize = 64;

/// A component of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Component {
    /// Its number, by which scans name it.
    pub id: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub across: u8,
    /// Vertical sampling factor, 1 to 4.
    pub down: u8,
    /// Number of its quantisation table, 0 to 3.
    pub quantisation: u8,
}

/// A frame of 8 bits a sample, sequential or progressive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Whether coefficients come in several scans, each more exact than the one before.
    pub progressive: bool,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// One, three or four.
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads the body of a SOF segment whose marker is `marker`.
    ///
    /// # Errors
    /// [`IntakeProblem::OtherFormat`] for another process than baseline, extended sequential or progressive DCT, or
    /// other than 8 bits; a size outside the limits; [`IntakeProblem::Damaged`] for a header that is not valid.
    pub fn read(marker: u8, body: &[u8]) -> Result<Self, IntakeProblem> {
        let invalid = || damaged("its frame header is not valid");
        let (&[precision, h1, h0, w1, w0, count], rest) =
            body.split_first_chunk::<6>().ok_or_else(invalid)?;
        let progressive = refused::process(marker, precision)?;
        let (height, width) =
            (u32::from(u16::from_be_bytes([h1, h0])), u32::from(u16::from_be_bytes([w1, w0])));
        if height == 0 {
            return Err(refused::height_behind_the_scan());
        }
        check_size(width, height)?;
        let components: Vec<_> = rest
            .chunks_exact(3)
            .map(|c| Component { id: c[0], across: c[1] >> 4, down: c[1] & 15, quantisation: c[2] })
            .collect();
        let valid =
            |c: &Component| (1..=4).contains(&c.across) && (1..=4).contains(&c.down) && c.quantisation < 4;
        let unique = |c: &Component| components.iter().filter(|other| other.id == c.id).count() == 1;
        if rest.len() != 3 * usize::from(count) || !components.iter().all(|c| valid(c) && unique(c)) {
            return Err(invalid());
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(damaged(format!("it has {count} components, not 1, 3 or 4")));
        }
        refused::check_sampling(&components)?;
        refused::check_memory(progressive, width, height, usize::from(count))?;
        Ok(Frame { progressive, width, height, components })
    }

    /// Units in a row and in a column of an interleaved scan (A.2.3).
    pub fn units(&self) -> (usize, usize) {
        let (across, down) = self.most();
        ((self.width as usize).div_ceil(8 * across), (self.height as usize).div_ceil(8 * down))
    }

    /// Blocks in a row and in a column of a component that is alone in its scan (A.2.2).
    pub fn blocks(&self, component: usize) -> (usize, usize) {
        let (across, down) = self.most();
        let component = self.components[component];
        let side = |pixels: u32, factor: u8, most: usize| {
            (pixels as usize * usize::from(factor)).div_ceil(most).div_ceil(8)
        };
        (side(self.width, component.across, across), side(self.height, component.down, down))
    }

    /// The largest sampling factors, horizontal and vertical.
    pub fn most(&self) -> (usize, usize) {
        let most =
            |side: fn(&Component) -> u8| usize::from(self.components.iter().map(side).max().unwrap_or(1));
        (most(|c| c.across), most(|c| c.down))
    }
}
