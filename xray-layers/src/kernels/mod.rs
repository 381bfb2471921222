//! The arithmetic of the layers on slices of float32; knows nothing of burn.
//!
//! Maps are `[images, height, width, channels]`: the channels of a pixel side by side, so that a 1x1 convolution is one
//! matrix product of pixels by channels, and every loop over channels is a loop over neighbours.

pub(crate) mod batch_norm;
pub(crate) mod concat;
pub(crate) mod conv;
pub(crate) mod depthwise;
#[allow(
    unsafe_code,
    reason = "the matrix product of another crate takes pointers; their ranges are checked before"
)]
mod matmul;
mod parts;
pub(crate) mod pointwise;
pub(crate) mod pool;
mod wide;
pub(crate) mod window;
