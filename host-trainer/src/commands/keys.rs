//! `keys`: key pairs for signing models.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xray_core::files::{PRIVATE, PUBLIC, write_new};
use xray_signing::{NewKeys, Password};

/// The files of a new key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPairFiles {
    /// Signs models.
    pub secret: PathBuf,
    /// Goes to the boards.
    pub public: PathBuf,
}

/// Makes the key pair `NAME.key` and `NAME.pub`.
///
/// # Errors
/// If one of the files exists, or cannot be written.
pub fn new_key_pair(name: &Path, password: Password) -> Result<KeyPairFiles> {
    let with_ending = |ending: &str| {
        let mut path = name.to_owned().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    };
    let files = KeyPairFiles { secret: with_ending(".key"), public: with_ending(".pub") };
    for path in [&files.secret, &files.public] {
        ensure!(!path.exists(), "{}: is there already; keys are never overwritten", path.display());
    }
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let keys = NewKeys::make(password, &name)?;
    write(&files.secret, &keys.secret, PRIVATE)?;
    write(&files.public, &keys.public, PUBLIC)?;
    Ok(files)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    write_new(path, text.as_bytes(), mode)
        .with_context(|| format!("{}: could not be written; check the folder", path.display()))
}
