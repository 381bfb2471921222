//! A window of `kernel` by `kernel` pixels that moves over a map.

use std::ops::Range;

/// The window, and the maps before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) images: usize,
    /// Rows and columns of the map before.
    pub(crate) size: [usize; 2],
    /// Rows and columns of the map after.
    pub(crate) out: [usize; 2],
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// Rows outside above, columns outside on the left.
    pub(crate) before: [usize; 2],
}

/// A pixel of the window that lies inside the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tap {
    /// Its position in the window, `row * kernel + column`.
    pub(crate) place: usize,
    /// Its position in the map, `row * width + column`.
    pub(crate) pixel: usize,
}

impl Window {
    /// Pixels of one image before.
    pub(crate) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Pixels of one image after.
    pub(crate) fn out_pixels(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// The place of a window along one axis: which of its pixels are inside, and where the first of these lies.
    #[inline(always)]
    fn span(&self, axis: usize, out: usize) -> (Range<usize>, usize) {
        let start = out * self.stride;
        let first = self.before[axis].saturating_sub(start);
        let last = (self.size[axis] + self.before[axis]).saturating_sub(start).min(self.kernel);
        (first..last.max(first), start + first - self.before[axis])
    }

    /// Rows of the window at row `out` of the map after, and the map's row of the first of them.
    #[inline(always)]
    pub(crate) fn rows(&self, out: usize) -> (Range<usize>, usize) {
        self.span(0, out)
    }

    /// Columns of the window at column `out` of the map after, and the map's column of the first of them.
    #[inline(always)]
    pub(crate) fn columns(&self, out: usize) -> (Range<usize>, usize) {
        self.span(1, out)
    }

    /// The pixels inside the map of the window at a pixel after, and how many there are.
    #[inline(always)]
    pub(crate) fn taps(&self, row: usize, column: usize, taps: &mut [Tap; 9]) -> usize {
        let (rows, top) = self.rows(row);
        let (columns, left) = self.columns(column);
        let mut count = 0;
        for (y, r) in rows.enumerate() {
            for (x, c) in columns.clone().enumerate() {
                taps[count] = Tap { place: r * self.kernel + c, pixel: (top + y) * self.size[1] + left + x };
                count += 1;
            }
        }
        count
    }

    /// The windows that a pixel before lies in: its place in each, and the pixel after; and how many there are.
    #[inline(always)]
    pub(crate) fn taps_back(&self, row: usize, column: usize, taps: &mut [Tap; 9]) -> usize {
        let mut count = 0;
        for r in 0..self.kernel {
            let Some(y) = self.back(0, row, r) else { continue };
            for c in 0..self.kernel {
                let Some(x) = self.back(1, column, c) else { continue };
                taps[count] = Tap { place: r * self.kernel + c, pixel: y * self.out[1] + x };
                count += 1;
            }
        }
        count
    }

    /// The window whose pixel at `place` lies at `position`, along one axis.
    #[inline(always)]
    fn back(&self, axis: usize, position: usize, place: usize) -> Option<usize> {
        let start = (position + self.before[axis]).checked_sub(place)?;
        let out = start / self.stride;
        (start % self.stride == 0 && out < self.out[axis]).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_at_an_edge_and_the_way_back() {
        // Five columns, stride 2, one outside on each side: windows at -1, 1, 3.
        let window = Window { images: 1, size: [5, 5], out: [3, 3], kernel: 3, stride: 2, before: [1, 1] };
        assert_eq!(window.columns(0), (1..3, 0));
        assert_eq!(window.columns(1), (0..3, 1));
        assert_eq!(window.columns(2), (0..2, 3));
        let mut taps = [Tap { place: 0, pixel: 0 }; 9];
        assert_eq!(window.taps(0, 0, &mut taps), 4);
        assert_eq!(
            taps[..4].iter().map(|t| (t.place, t.pixel)).collect::<Vec<_>>(),
            [(4, 0), (5, 1), (7, 5), (8, 6)]
        );
        // Column 1 is the last of the first window and the first of the second.
        assert_eq!(window.taps_back(0, 1, &mut taps), 2);
        assert_eq!(taps[..2].iter().map(|t| (t.place, t.pixel)).collect::<Vec<_>>(), [(3, 1), (5, 0)]);
    }
}
