//! Why a model file cannot be used.

use std::path::PathBuf;

use super::contract::{CONTRACT_KEY, SCHEMA_VERSION};
use super::file::MAX_PACKAGE_BYTES;

/// A model file that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model {}: {problem}", .file.display())]
pub struct PackageError {
    /// The file.
    pub file: PathBuf,
    /// What was wrong with it.
    pub problem: PackageProblem,
}

/// What was wrong with a model file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageProblem {
    /// The file could not be opened or read.
    #[error("could not be read: {reason}; check the path, or make one with `host-trainer export`")]
    Unreadable {
        /// The operating system's word.
        reason: String,
    },
    /// The file is over [`MAX_PACKAGE_BYTES`].
    #[error("the file is over the limit of {MAX_PACKAGE_BYTES} bytes; it is not one of our models")]
    TooLarge,
    /// The bytes are not an ONNX model.
    #[error("not an ONNX model: {reason}; make one with `host-trainer export`")]
    NotOnnx {
        /// What the reader met.
        reason: String,
    },
    /// An ONNX model, but without our metadata.
    #[error(
        "an ONNX model without the metadata `{CONTRACT_KEY}`, so how to prepare an image and where the \
         threshold lies is not known; export it with `host-trainer export`"
    )]
    NoContract,
    /// The metadata has a schema that this build does not read.
    #[error(
        "its metadata has schema version {found}, this program reads version {SCHEMA_VERSION}; export it \
         again, or use the release that it was made for"
    )]
    Schema {
        /// The version in the file.
        found: String,
    },
    /// The metadata does not hold together.
    #[error("its metadata is not valid: {reason}; export it again")]
    BadContract {
        /// What does not hold.
        reason: String,
    },
    /// The graph does not fit the contract or reaches outside its file.
    #[error("its graph is not one that is run here: {reason}; export it again")]
    BadGraph {
        /// What does not fit.
        reason: String,
    },
}
