//! Why features could not be computed.

use std::path::PathBuf;

use xray_core::engine::EngineError;
use xray_core::preprocess::PreprocessError;

use crate::weights::WeightsError;

/// Why features could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    #[error("feature cache {}: {source}; check the folder's permissions and space, or name another with `--cache`", .path.display())]
    Cache { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("the compute device failed on the backbone {backbone}: {reason}; try `--device cpu`")]
    Device {
        /// Name of the backbone.
        backbone: &'static str,
        reason: String,
    },
    #[error("the base model: {0}")]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
}
