//! Why features could not be had.

use std::path::PathBuf;

use xray_core::engine::EngineError;
use xray_core::preprocess::PreprocessError;

use crate::weights::WeightsError;

/// Why features could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    /// A file of the cache could not be read or written.
    #[error("feature cache {}: {source}; check the folder's permissions and space, or name another with `--cache`", .path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// The weights do not fit their net.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The device failed.
    #[error("the compute device failed on the backbone {backbone}: {reason}; try `--device cpu`")]
    Device {
        /// Name of the backbone.
        backbone: &'static str,
        /// Its word.
        reason: String,
    },
    /// The engine that runs a base model failed.
    #[error("the base model: {0}")]
    Engine(#[from] EngineError),
    /// A picture could not be prepared.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
}
