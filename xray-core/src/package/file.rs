//! A model file as it was read: bounded, hashed, not yet looked into.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{PackageError, PackageProblem};
use crate::sha256_hex;

/// Largest model file that is read, in bytes (256 MiB). The float32 stack has 63 MB.
pub const MAX_PACKAGE_BYTES: u64 = 256 * 1024 * 1024;

/// The bytes of a model file. Nothing in them has been parsed.
#[derive(Debug, Clone)]
pub struct PackageFile {
    path: PathBuf,
    bytes: Vec<u8>,
    sha256: String,
}

impl PackageFile {
    /// Reads a model file.
    ///
    /// # Errors
    /// [`PackageProblem::Unreadable`] or [`PackageProblem::TooLarge`].
    pub fn read(path: &Path) -> Result<Self, PackageError> {
        let fail = |problem| PackageError { file: path.to_owned(), problem };
        let unreadable =
            |error: std::io::Error| fail(PackageProblem::Unreadable { reason: error.to_string() });
        let file = File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(MAX_PACKAGE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_PACKAGE_BYTES {
            return Err(fail(PackageProblem::TooLarge));
        }
        Ok(Self::from_bytes(path, bytes))
    }

    /// A model that is in memory already; `path` is for error messages.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Self {
        let sha256 = sha256_hex(&bytes);
        PackageFile { path: path.to_owned(), bytes, sha256 }
    }

    /// The path that it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes (hex): the identity of the model.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}
