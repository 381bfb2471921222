//! Post-training quantisation: measures the ranges of activations on calibration images and limits the error.
//!
//! Weights become int8 per output channel, symmetric; activations uint8, one scale and zero point a tensor
//! (Krishnamoorthi 2018, arXiv 1806.08342; Jacob 2018, arXiv 1712.05877). Calibration images run through the
//! float graph, as it would be exported, three times: for the ranges of the channels, which are then equalised where a
//! factor can be moved from one layer to the next (Nagel 2019, arXiv 1906.04721, section 4.1; MobileNetV2 needs it); for
//! the range of every activation and the means of its channels; and for a histogram over that range. Of four
//! [`Observer`](crate::onnx::Observer)s, the one with the least squared error on the histogram chooses scale and zero
//! point. When the graph is written, rounded weights shift the mean of a convolution's outputs. The shift follows from the
//! means of its inputs and is subtracted from the bias (Nagel 2019, arXiv 1906.04721, section 4.2).
//!
//! Memory: ranges and means of one run, then one histogram of 2048 bins an activation, whatever the number
//! of images; beside them the activations of as many images as there are threads.

/// Raised whenever the same weights and images would give other integers than before: it is part of the key that int8
/// backbones are cached by.
pub(crate) const QUANTISER: u32 = 1;

/// The default number of training images that activation ranges are measured on.
pub const CALIBRATION_IMAGES: usize = 64;

mod equalise;
mod error;
mod float_graph;
mod histogram;
mod measure;
mod observers;
mod range;

pub(crate) use equalise::equalised;
pub use error::QuantiseError;
pub use measure::{measure_ranges, measure_ranges_on};
