//! Post-training quantisation: which steps every activation gets, and what is done about the error.
//!
//! Weights become int8 per output channel, symmetric; activations uint8, one scale and zero point a tensor
//! (Krishnamoorthi 2018, arXiv 1806.08342; Jacob 2018, arXiv 1712.05877). Calibration images run through the
//! float graph, as it would be exported, three times: for the ranges of the channels, which are then brought
//! nearer to each other where a factor can be moved from one layer to the next (Nagel 2019, arXiv 1906.04721,
//! section 4.1; MobileNetV2 needs it); for the range of every activation and the means of its channels; and
//! for a histogram over that range. Of four [`Observer`]s the one with the least squared error
//! on the histogram chooses the steps. When the graph is written, rounded weights shift the mean of a
//! convolution's outputs; the shift is known from the means of its inputs and is taken off the bias (Nagel
//! 2019, arXiv 1906.04721, section 4.2).
//!
//! Memory: ranges and means of one pass, then one histogram of 2048 bins an activation, whatever the number
//! of images; beside them the activations of as many images as there are threads.

/// Raised whenever the same weights and images would give other integers than before: int8 backbones are kept by it.
pub(crate) const QUANTISER: u32 = 1;

mod bias;
mod calibrate;
mod equalise;
mod histogram;
mod observers;
mod steps;
mod table;

pub(crate) use bias::mean_shift;
pub use calibrate::{calibrate, calibrate_tensors};
pub(crate) use equalise::equalised;
pub use observers::Observer;
pub use steps::Steps;
pub use table::{Activation, Calibration};

use std::path::PathBuf;

use crate::export::ExportError;

/// What can go wrong with a calibration.
#[derive(Debug, thiserror::Error)]
pub enum QuantiseError {
    /// There is nothing to calibrate on.
    #[error("no images to calibrate on; give at least one training image with --calibration-images")]
    NoImages,
    /// An image could not be read or prepared.
    #[error("calibration image {}: {reason}; restore the file, or make the run again without it", .path.display())]
    Image {
        /// The image.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The float graph cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The float graph cannot be run.
    #[error(
        "the float graph could not be run for calibration: {reason}; export with `--precision float32` and report it"
    )]
    Run {
        /// The engine's word.
        reason: String,
    },
    /// A number is infinite or not a number.
    #[error("activation {activation} is not finite on a calibration image; import the weights again")]
    NotFinite {
        /// Its name in the graph.
        activation: String,
    },
}
