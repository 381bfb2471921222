//! Layouts, taps and strides of one convolution.

use super::layout::{LANES, Layout};

/// Where a convolution reads and writes.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvShape {
    /// Layout of the input.
    pub input: Layout,
    /// Layout of the output.
    pub output: Layout,
    /// Byte offset of each tap from the input pixel under the output pixel's upper left tap.
    pub taps: Vec<usize>,
    /// Rows between neighbouring outputs.
    pub stride_y: usize,
    /// Columns between neighbouring outputs.
    pub stride_x: usize,
}

impl ConvShape {
    /// Kernel `(rows, columns)`, strides and padding `(top, left)`; `None` if the input's border is too small
    /// for the taps.
    pub fn new(
        input: Layout,
        output: Layout,
        kernel: (usize, usize),
        stride: (usize, usize),
        pad: (usize, usize),
    ) -> Option<ConvShape> {
        let fits = |out: usize, k: usize, s: usize, p: usize, size: usize| {
            out > 0 && p <= input.border && (out - 1) * s + k <= size + p + input.border
        };
        if !fits(output.height, kernel.0, stride.0, pad.0, input.height)
            || !fits(output.width, kernel.1, stride.1, pad.1, input.width)
        {
            return None;
        }
        let (dy, dx) = (input.border - pad.0, input.border - pad.1);
        let taps = (0..kernel.0)
            .flat_map(|y| (0..kernel.1).map(move |x| (y, x)))
            .map(|(y, x)| (y + dy) * input.row() + (x + dx) * LANES)
            .collect();
        Some(ConvShape { input, output, taps, stride_y: stride.0, stride_x: stride.1 })
    }

    /// Byte offset in the input of the first output pixel of row `y`, before a tap is added.
    pub fn source_row(&self, y: usize) -> usize {
        y * self.stride_y * self.input.row()
    }

    /// Byte offset of the last input, at its last tap, of a pixel.
    pub fn reach(&self) -> usize {
        self.taps.iter().max().copied().unwrap_or(0) + (self.input.planes() - 1) * self.input.plane()
    }

    /// Bytes that the input must have for every row of outputs, with what kernels may read past the end.
    pub fn source_bytes(&self) -> usize {
        let last = self.source_row(self.output.height - 1) + (self.output.width - 1) * self.stride_x * LANES;
        self.reach() + last + LANES + super::layout::SLACK
    }
}
