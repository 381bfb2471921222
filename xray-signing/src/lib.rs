//! Makes keys and signs model files, on a workstation.
//!
//! Keys and signatures are those of minisign: its tool reads what is written here, and the other way round.
//!
//! ```
//! use std::path::Path;
//!
//! use xray_core::package::{PackageFile, SignatureFile, TrustedKeys};
//! use xray_signing::{NewKeys, Password, SecretKey, sign, stamp};
//!
//! let keys = NewKeys::make(Password::None, "clinic")?;
//! let secret = SecretKey::from_text(Path::new("clinic.key"), &keys.secret, Password::None)?;
//!
//! let bytes = xray_testkit::model::model_bytes(|_| ());
//! let model = stamp(PackageFile::from_bytes(Path::new("model.onnx"), bytes), Some(1))?;
//! let signature = sign(&model, &secret, "release 1")?;
//!
//! let trusted = TrustedKeys::one("clinic", &keys.public)?;
//! let signature = SignatureFile::from_text(Path::new("model.onnx.minisig"), signature);
//! let signed = trusted.verify(model, &signature)?.parse()?;
//! assert_eq!(signed.package().contract().version, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod keys;
mod stamp;

pub use keys::{NewKeys, Password, SecretKey};
pub use stamp::stamp;

use std::path::PathBuf;

use xray_core::engine::EngineError;
use xray_core::package::{PackageError, PackageFile};

/// Why a key could not be made or read, or a file not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// No key pair could be made.
    #[error("no key could be made: {reason}")]
    NoKeys {
        /// What happened.
        reason: String,
    },
    /// The file is no secret key, or its password is another one.
    #[error("secret key {}: {reason}; it must be a file from `host-trainer keys new` or `minisign -G`", .file.display())]
    SecretKey {
        /// The file.
        file: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The signature could not be made.
    #[error("model {}: could not be signed: {reason}", .file.display())]
    Sign {
        /// The model.
        file: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The file is not one that a device would take.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The model does not answer the test pattern.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Signs a model file; gives the text of its signature file. The trusted comment holds `comment`, which is one line.
///
/// # Errors
/// [`SigningError::Sign`].
pub fn sign(file: &PackageFile, key: &SecretKey, comment: &str) -> Result<String, SigningError> {
    let comment: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    minisign::sign(None, key.inner(), file.bytes(), Some(&comment), Some("signature of an xray-edge model"))
        .map(|signature| signature.into_string())
        .map_err(|error| SigningError::Sign { file: file.path().to_owned(), reason: error.to_string() })
}
