//! From an image to the tensor that an engine takes.

mod contract;
mod intensity;
mod prepare;
mod resize;

pub use contract::{IMAGENET_MEAN, IMAGENET_STD, Preprocessing, Resize, Scaling};
pub use intensity::{Clahe, Intensity};
pub use prepare::{InputTensor, at_input_size, prepare};

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
        /// The resizer's message.
        reason: String,
    },
    /// The contract asks for something that cannot be done to images of its size.
    #[error("intensity {intensity} cannot be done to images of {size} × {size} pixels: {reason}")]
    Intensity {
        /// What was asked for.
        intensity: String,
        /// Side of the input in pixels.
        size: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}
