//! Why a head could not be used, read or written.

use std::path::PathBuf;

/// What can go wrong with a head.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    #[error("cannot {action} the head's weights {}: {source}. Check the path and its permissions", .path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is not a safetensors file: {source}. Run `host-trainer fit` again to write it anew", .path.display())]
    Format { path: PathBuf, source: safetensors::SafeTensorError },
    #[error("{} holds no float32 tensor {tensor}: it is not a head of this program. Run `host-trainer fit` again", .path.display())]
    Tensor { path: PathBuf, tensor: String },
    #[error("the head does not fit together: {part} has {found} element(s), {expected} were expected")]
    Shape {
        /// The part, such as `dense1.bias`.
        part: String,
        /// Number of elements that the layers before it ask for.
        expected: usize,
        /// Number of elements found.
        found: usize,
    },
}
