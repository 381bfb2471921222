//! Why a head could not be used, read or written.

use std::path::PathBuf;

/// What can go wrong with a head.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// The file could not be read or written.
    #[error("cannot {action} the head's weights {}: {source}. Check the path and its permissions", .path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no safetensors file.
    #[error("{} is not a safetensors file: {source}. Run `host-trainer fit` again to write it anew", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: safetensors::SafeTensorError,
    },
    /// A tensor is missing or not float32.
    #[error("{} holds no float32 tensor {tensor}: it is not a head of this program. Run `host-trainer fit` again", .path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor that was looked for.
        tensor: String,
    },
    /// Two parts of the head do not fit together.
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
