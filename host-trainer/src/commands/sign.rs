//! `sign`: a detached minisign signature of a model file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use xray_core::files::{PUBLIC, write_atomic};
use xray_core::package::{PackageFile, signature_of};
use xray_signing::{Password, SecretKey, sign, stamp};

/// A signed model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedModel {
    pub model: PathBuf,
    pub signature: PathBuf,
    /// Of the model file (hex).
    pub sha256: String,
    pub version: u64,
}

/// Writes a version and the answer to the test pattern into the model where they are missing, and the signature beside it.
///
/// # Errors
/// If the key or the model cannot be read, no board would accept the model, or a file cannot be written.
pub fn sign_model(model: &Path, key: &Path, version: Option<u64>) -> Result<SignedModel> {
    let text = std::fs::read_to_string(key)
        .with_context(|| format!("secret key {}: could not be read; check the path", key.display()))?;
    let original = PackageFile::read(model)?;
    let stamped = stamp(original.clone(), version)?;
    let version = stamped.clone().verify()?.contract().version;
    let key = SecretKey::from_text(key, &text, Password::Ask)?;
    let comment = format!("xray-edge model version:{version} sha256:{}", stamped.sha256());
    let signed = sign(&stamped, &key, &comment)?;
    let signature = signature_of(model);
    let write = |path: &Path, bytes: &[u8]| {
        write_atomic(path, bytes, PUBLIC).with_context(|| format!("{}: could not be written", path.display()))
    };
    if stamped.sha256() != original.sha256() {
        write(model, stamped.bytes())?;
    }
    write(&signature, signed.as_bytes())?;
    Ok(SignedModel { model: model.to_owned(), signature, sha256: stamped.sha256().to_owned(), version })
}
