//! The memory layout of a quantised feature map: blocks of four channels ("NC4HW4").
//!
//! Element `(c, y, x)` of a tensor is at
//! `((c / 4) * (h + 2 * border) * (w + 2 * border) + (y + border) * (w + 2 * border) + x + border) * 4 + c % 4`.
//! Four channels of one pixel are one 32-bit word, which is what a dot-product instruction consumes; pixels
//! that are neighbours in a row are neighbours in memory, so a tile of pixels needs no packing; and a
//! concatenation over channels is a list of planes, so that DenseNet's growing map is never copied.

/// Bytes behind the last plane that a kernel may read (never use) past the last pixel of a tile.
pub const SLACK: usize = 64;

/// Channels in one plane.
pub const LANES: usize = 4;

/// Shape of one tensor of batch 1 in blocks of four channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Channels; the last plane is padded to four.
    pub channels: usize,
    /// Rows without the border.
    pub height: usize,
    /// Columns without the border.
    pub width: usize,
    /// Pixels on each side that hold the tensor's zero point, so that convolutions need no edge cases.
    pub border: usize,
}

impl Layout {
    /// Number of planes of four channels.
    pub fn planes(&self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// Bytes from one row to the next.
    pub fn row(&self) -> usize {
        (self.width + 2 * self.border) * LANES
    }

    /// Bytes from one plane to the next.
    pub fn plane(&self) -> usize {
        (self.height + 2 * self.border) * self.row()
    }

    /// Bytes of all planes.
    pub fn used(&self) -> usize {
        self.planes() * self.plane()
    }

    /// Bytes that a buffer for this tensor must have, with [`SLACK`].
    pub fn bytes(&self) -> usize {
        self.used() + SLACK
    }

    /// Byte offset of the first pixel of row `y` inside a plane.
    pub fn row_start(&self, y: usize) -> usize {
        (y + self.border) * self.row() + self.border * LANES
    }

    /// Writes `zero` into the border of every plane of `data`.
    pub fn fill_border(&self, data: &mut [u8], zero: u8) {
        if self.border == 0 {
            return;
        }
        let (row, side) = (self.row(), self.border * LANES);
        for plane in data.chunks_exact_mut(self.plane()).take(self.planes()) {
            let rim = self.border * row;
            let len = plane.len();
            plane[..rim].fill(zero);
            plane[len - rim..].fill(zero);
            for line in plane[rim..len - rim].chunks_exact_mut(row) {
                line[..side].fill(zero);
                line[row - side..].fill(zero);
            }
        }
    }

    /// Fills `data` from `source` in `[channels, height, width]` order, each byte changed by `flip`
    /// (0x80 turns int8 into uint8 of the same meaning); border and missing channels become `zero`.
    pub fn import(&self, source: &[u8], flip: u8, zero: u8, data: &mut [u8]) {
        let (plane, pixels) = (self.plane(), self.height * self.width);
        self.fill_border(data, zero);
        for c in 0..self.planes() * LANES {
            for y in 0..self.height {
                let at = (c / LANES) * plane + self.row_start(y) + c % LANES;
                for x in 0..self.width {
                    data[at + x * LANES] =
                        if c < self.channels { source[c * pixels + y * self.width + x] ^ flip } else { zero };
                }
            }
        }
    }

    /// The reverse of [`Layout::import`].
    pub fn export(&self, data: &[u8], flip: u8, target: &mut [u8]) {
        let (plane, pixels) = (self.plane(), self.height * self.width);
        for c in 0..self.channels {
            for y in 0..self.height {
                let at = (c / LANES) * plane + self.row_start(y) + c % LANES;
                for x in 0..self.width {
                    target[c * pixels + y * self.width + x] = data[at + x * LANES] ^ flip;
                }
            }
        }
    }
}
