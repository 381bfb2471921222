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
        /// The operating system's message.
        reason: String,
    },
    /// The file is over [`MAX_PACKAGE_BYTES`].
    #[error("the file is over the limit of {MAX_PACKAGE_BYTES} bytes; it is not one of our models")]
    TooLarge,
    /// There is no signature beside the file, or it cannot be read.
    #[error(
        "its signature {} could not be read: {reason}; bring the .minisig file that `host-trainer sign` wrote \
         beside the model", .signature.display()
    )]
    NoSignature {
        /// The file that should hold the signature.
        signature: PathBuf,
        /// The operating system's message, or why it is no signature.
        reason: String,
    },
    /// Signed, but with none of the keys that are trusted here.
    #[error(
        "its signature is by none of the keys that are trusted here ({trusted}); have it signed by one of them, \
         or put the signer's public key among them"
    )]
    UnknownKey {
        /// Names of the trusted keys.
        trusted: String,
    },
    /// The signature claims to be by a trusted key and is not over these bytes.
    #[error(
        "its signature by the key `{key}` does not hold: {reason}; the file or the signature was changed: bring \
         both again from where they were made"
    )]
    BadSignature {
        /// Name of the key.
        key: String,
        /// What does not hold.
        reason: String,
    },
    /// The bytes are not an ONNX model.
    #[error("not an ONNX model: {reason}; make one with `host-trainer export`")]
    NotOnnx {
        /// What the reader met.
        reason: String,
    },
    /// An ONNX model, but without our metadata.
    #[error(
        "an ONNX model without the metadata `{CONTRACT_KEY}`, so how to prepare an image and where the \
         threshold is, is not known; export it with `host-trainer export`"
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
