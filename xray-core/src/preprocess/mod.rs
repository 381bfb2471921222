//! From an image to the tensor that an engine takes.

mod contract;
mod prepare;
mod resize;

pub use contract::{IMAGENET_MEAN, IMAGENET_STD, Preprocessing, Resize, Scaling};
pub use prepare::{InputTensor, prepare};

/// Why an image could not be prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreprocessError {
    /// The resizer refused the image.
    #[error(
        "an image of {width} × {height} pixels could not be resized to {size}: {reason}; report it with the image's size"
    )]
    Resize {
        /// Width of the image in pixels.
        width: u32,
        /// Height of the image in pixels.
        height: u32,
        /// Side that was wanted, in pixels.
        size: usize,
        /// The resizer's word.
        reason: String,
    },
}
