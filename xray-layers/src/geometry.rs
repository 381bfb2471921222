//! How a window moves over a map.

use crate::kernels::window::Window;

/// How the window of a convolution or a pooling moves over a map, and how channels are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Step in both directions, in pixels, at least 1.
    pub stride: usize,
    /// Rows and columns of zeros outside the map, in pixels: above, on the left, below, on the right.
    pub padding: [usize; 4],
    /// Groups of channels that are not connected with each other: 1, or as many as there are channels.
    pub groups: usize,
}

impl Geometry {
    /// Step 1, nothing outside, all channels connected.
    pub const POINT: Geometry = Geometry { stride: 1, padding: [0; 4], groups: 1 };

    /// The window of `kernel` by `kernel` pixels on maps of `[images, height, width, channels]`.
    ///
    /// # Panics
    /// If the window is larger than the map with what is outside.
    pub(crate) fn window(&self, map: [usize; 4], kernel: usize) -> Window {
        let [images, height, width, _] = map;
        let [above, left, below, right] = self.padding;
        let out = |size: usize, outside: usize| {
            assert!(size + outside >= kernel, "a window of {kernel} pixels on {size} with {outside} outside");
            (size + outside - kernel) / self.stride + 1
        };
        Window {
            images,
            size: [height, width],
            out: [out(height, above + below), out(width, left + right)],
            kernel,
            stride: self.stride,
            before: [above, left],
        }
    }
}
