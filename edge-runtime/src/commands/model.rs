//! The models of a board, opened with its trusted keys.

use std::path::PathBuf;

use anyhow::Result;
use xray_core::engine::{EngineChoice, EngineOptions, big_cores};
use xray_core::package::{SignedBytes, TrustedKeys};

use crate::models::{
    DEFAULT_KEYS, DEFAULT_STORE, ModelFolder, ModelRefusal, ModelStore, SelfTestReport, self_test,
};

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

/// Runs a signed model on its test pattern as this machine would screen with it.
///
/// # Errors
/// Why this board refuses the model.
pub fn self_test_here(signed: SignedBytes) -> Result<SelfTestReport, ModelRefusal> {
    self_test(signed, EngineOptions { choice: EngineChoice::Auto, threads: big_cores() })
}
