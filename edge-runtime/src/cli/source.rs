//! Which model screens: a file, or the one that is installed on this board, which is then watched.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use xray_core::engine::EngineOptions;
use xray_core::screening::{NoResult, ScreenedPath, Screener, ScreeningError};

use super::store::StoreArgs;
use crate::model_store::{Folder, Health, ModelStore, Standing, ready};

/// Which model screens.
#[derive(Debug, Clone)]
pub enum ModelSource {
    /// A file, signed or not.
    File(PathBuf),
    /// The one in use in a store.
    Installed(StoreArgs),
}

/// A model that is ready, and where it came from.
pub struct Source {
    /// What screens.
    pub screener: Screener,
    /// Why it is not the model that was in use before.
    pub went_back: Option<String>,
    store: Option<ModelStore<Folder>>,
}

impl ModelSource {
    /// Loads the model.
    ///
    /// # Errors
    /// If it cannot be loaded, or none is installed.
    pub fn load(&self, engine: EngineOptions) -> Result<Source> {
        match self {
            ModelSource::File(file) => {
                let screener = Screener::load_with(file, engine)?;
                Ok(Source { screener, went_back: None, store: None })
            }
            ModelSource::Installed(at) => {
                let asked = "without --model, the model that is installed on this board screens";
                let store = at.open().context(asked)?;
                let started = store.start(|signed| ready(signed, engine)).context(asked)?;
                Ok(Source { screener: started.ready, went_back: started.went_back, store: Some(store) })
            }
        }
    }
}

impl Source {
    /// Says that the program ends in order: that it ends is then not held against a model on trial.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn end(&self) -> Result<()> {
        if let Some(store) = &self.store {
            store.settled(self.screener.model_sha256())?;
        }
        Ok(())
    }

    /// Counts a screening for or against an installed model that is on trial.
    ///
    /// # Errors
    /// If another model is in use from now on, or the store cannot be written.
    pub fn count(&self, item: &ScreenedPath) -> Result<()> {
        let health = match &item.outcome {
            Ok(_) => Health::Well,
            Err(NoResult::Screening(ScreeningError::Engine { source, .. })) => {
                Health::Failed(source.to_string())
            }
            Err(_) => return Ok(()),
        };
        let Some(store) = &self.store else { return Ok(()) };
        match store.screened(self.screener.model_sha256(), &health)? {
            Standing::Replaced => bail!(
                "another model is in use on this board from now on (see `edge-runtime model status`); screen the rest again"
            ),
            Standing::Steady | Standing::OnTrial { .. } | Standing::Confirmed => Ok(()),
        }
    }
}
