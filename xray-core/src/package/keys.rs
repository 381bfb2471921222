//! The public keys that a device trusts: one file each, in one folder, so that they can be rotated.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use minisign_verify::PublicKey;

/// Largest key file that is read, in bytes. minisign writes some 120.
const MAX_KEY_BYTES: u64 = 1024;

/// Most keys that are taken from a folder.
const MAX_KEYS: usize = 32;

/// Ending of the files that are keys.
const ENDING: &str = "pub";

/// A folder of keys that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("keys {}: {problem}", .path.display())]
pub struct KeysError {
    /// The folder, or the file in it.
    pub path: PathBuf,
    /// What was wrong with it.
    pub problem: KeysProblem,
}

/// What was wrong with a folder of keys or one of its files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysProblem {
    /// The folder or the file could not be read.
    #[error(
        "could not be read: {reason}; put public keys (*.pub from `host-trainer keys new`) into this folder"
    )]
    Unreadable {
        /// The operating system's message.
        reason: String,
    },
    /// No file in the folder ends in `.pub`.
    #[error(
        "there is no key (*.pub) here, so no model can be trusted; copy one from `host-trainer keys new`"
    )]
    Empty,
    /// The folder holds more files than a board needs.
    #[error("there are more than {MAX_KEYS} keys here; remove those that sign no longer")]
    TooMany,
    /// The file is no minisign public key.
    #[error("not a minisign public key: {reason}; remove it, or copy it again")]
    NotAKey {
        /// What does not hold.
        reason: String,
    },
}

/// The public keys whose signatures are trusted, each with a name.
#[derive(Debug, Clone)]
pub struct TrustedKeys {
    keys: Vec<(String, PublicKey)>,
}

impl TrustedKeys {
    /// Reads every `*.pub` in a folder. A key's name is its file's, without the ending.
    ///
    /// # Errors
    /// [`KeysError`]; one bad key is an error for all, so that none is missing unseen.
    pub fn read(folder: &Path) -> Result<Self, KeysError> {
        let fail = |path: &Path, problem| KeysError { path: path.to_owned(), problem };
        let unreadable = |path: &Path, error: std::io::Error| {
            fail(path, KeysProblem::Unreadable { reason: error.to_string() })
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                paths.push(path);
            }
            if paths.len() > MAX_KEYS {
                return Err(fail(folder, KeysProblem::TooMany));
            }
        }
        if paths.is_empty() {
            return Err(fail(folder, KeysProblem::Empty));
        }
        paths.sort();
        let keys = paths.iter().map(|path| {
            let mut text = String::new();
            File::open(path)
                .and_then(|file| file.take(MAX_KEY_BYTES).read_to_string(&mut text))
                .map_err(|error| unreadable(path, error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let key = PublicKey::decode(&text)
                .map_err(|error| fail(path, KeysProblem::NotAKey { reason: error.to_string() }))?;
            Ok((name, key))
        });
        Ok(TrustedKeys { keys: keys.collect::<Result<_, _>>()? })
    }

    /// One key in minisign's two lines of text, under a name.
    ///
    /// # Errors
    /// [`KeysProblem::NotAKey`] with the name as the path.
    pub fn one(name: &str, text: &str) -> Result<Self, KeysError> {
        let key = PublicKey::decode(text).map_err(|error| KeysError {
            path: name.into(),
            problem: KeysProblem::NotAKey { reason: error.to_string() },
        })?;
        Ok(TrustedKeys { keys: vec![(name.to_owned(), key)] })
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, PublicKey)> {
        self.keys.iter()
    }
}
