//! From an image to the tensor.
mod contract;
pub use contract::{IMAGENET_MEAN, IMAGENET_STD, Preprocessing, Resize, Scaling};
