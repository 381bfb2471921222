//! The models of a board, opened with its trusted keys.

#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

use anyhow::Result;
use xray_core::engine::{EngineChoice, EngineOptions, big_cores};
use xray_core::package::{SignedBytes, TrustedKeys};

use crate::models::{
    DEFAULT_KEYS, DEFAULT_STORE, ModelFolder, ModelRefusal, ModelStore, SelfTestReport, self_test,
};
#[cfg(unix)]
use crate::models::{VersionFloor, floor_of};
#[cfg(unix)]
use crate::records::{RecordReader, RecordStoreError};

/// Where the models of a board are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLocation {
    /// Folder of the installed models.
    pub store: PathBuf,
    /// Folder of the public keys (*.pub) whose signatures are trusted.
    pub keys: PathBuf,
}

impl Default for StoreLocation {
    fn default() -> Self {
        StoreLocation { store: DEFAULT_STORE.into(), keys: DEFAULT_KEYS.into() }
    }
}

impl StoreLocation {
    /// The models in these folders.
    ///
    /// # Errors
    /// If no key can be read.
    pub fn open(&self) -> Result<ModelStore<ModelFolder>> {
        Ok(ModelStore::new(ModelFolder::new(&self.store), TrustedKeys::read(&self.keys)?))
    }
}

/// The highest version that was confirmed by the record in a folder; none if there is no record, or none was.
///
/// # Errors
/// If there is a record and it cannot be read.
#[cfg(unix)]
pub fn recorded_floor(records: &Path) -> Result<Option<VersionFloor>> {
    let events = match RecordReader::open(records) {
        Err(RecordStoreError::Missing { .. }) => return Ok(None),
        opened => opened?.model_events()?,
    };
    Ok(floor_of(events.iter().map(|event| event.event.as_str())))
}

/// Runs a signed model on its test pattern as this machine would screen with it.
///
/// # Errors
/// Why this board refuses the model.
pub fn self_test_here(signed: SignedBytes) -> Result<SelfTestReport, ModelRefusal> {
    self_test(signed, EngineOptions { choice: EngineChoice::Auto, threads: big_cores() })
}
