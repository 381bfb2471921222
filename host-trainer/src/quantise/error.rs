//! Why activation ranges could not be measured.

use std::path::PathBuf;

use crate::onnx::GraphError;

/// Why activation ranges could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum QuantiseError {
    #[error("no images to calibrate on; give at least one training image with --calibration-images")]
    NoImages,
    #[error("calibration image {}: {reason}; restore the file, or make the run again without it", .path.display())]
    Image { path: PathBuf, reason: String },
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(
        "the float graph could not be run to measure activation ranges: {reason}; export with `--precision float32` and report it"
    )]
    Run { reason: String },
    #[error("activation {activation} is not finite on a calibration image; import the weights again")]
    NotFinite { activation: String },
}
