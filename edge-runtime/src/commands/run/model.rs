//! The model of the daemon: a file, or the installed one.

use anyhow::{Context, Result, bail};
use tracing::warn;
use xray_core::engine::{EngineChoice, EngineOptions, big_cores};
use xray_core::package::RANDOM_WARNING;
use xray_core::screening::Screener;

use crate::commands::model::StoreLocation;
use crate::config::Config;
use crate::daemon::{InstalledModel, ModelIdentity, start_is_excused};
use crate::models::{ModelFolder, ModelStore, load_checked, self_test};
use crate::records::Hash256;
use crate::status::ModelFacts;

pub(super) struct DaemonModel {
    pub(super) screener: Screener,
    pub(super) identity: ModelIdentity,
    /// Where it is installed; none if it runs from a file.
    pub(super) installed: Option<InstalledModel>,
}

impl DaemonModel {
    /// What the page says of it.
    pub(super) fn facts(&self, config: &Config) -> ModelFacts {
        let Self { screener, identity, .. } = self;
        ModelFacts::of(screener.contract(), identity.hash, &name(config), screener.engine_name())
    }
}

/// Loads the model and logs its warnings.
pub(super) fn load(config: &Config) -> Result<DaemonModel> {
    let options = engine(config)?;
    let (screener, installed) = match &config.model.file {
        Some(file) => (Screener::load_with(file, options)?, None),
        None => {
            let store = store(config)?;
            if start_is_excused(&config.record.folder) {
                store.excuse_start()?;
            }
            let started = store.start(|signed| load_checked(signed, options))?;
            if let Some(reason) = &started.went_back {
                warn!("this board went back to the model before: {reason}");
            }
            let from_stick = config.model.from_stick;
            (started.ready, Some(InstalledModel::new(store, options, from_stick, started.sha256)))
        }
    };
    for warning in screener.warnings() {
        warn!("{warning}");
    }
    let contract = screener.contract();
    if contract.has_random_backbones() {
        warn!("{RANDOM_WARNING}");
    }
    if contract.known_answer.is_none() && !config.model.unchecked {
        bail!(
            "model {}: it holds no known answer, so the device cannot check itself; export it with \
             `--precision int8`, or set `unchecked = true` under `[model]`",
            name(config)
        );
    }
    let hash: Hash256 = screener.model_sha256().parse()?;
    let identity = ModelIdentity { hash, threshold: contract.threshold };
    Ok(DaemonModel { screener, identity, installed })
}

/// Loads and tests the model and changes nothing, not even the count of starts on trial.
pub(super) fn check(config: &Config) -> Result<()> {
    if config.model.file.is_none() {
        let options = engine(config)?;
        store(config)?.check(|signed| self_test(signed, options))?;
        return Ok(());
    }
    load(config)?.screener.self_test().context("self-test")
}

pub(super) fn engine(config: &Config) -> Result<EngineOptions> {
    let choice: EngineChoice = config.model.engine.parse().map_err(anyhow::Error::msg)?;
    Ok(EngineOptions { choice, threads: config.model.threads.unwrap_or_else(big_cores) })
}

/// The models of this board.
pub(super) fn store(config: &Config) -> Result<ModelStore<ModelFolder>> {
    StoreLocation { store: config.model.store.clone(), keys: config.model.keys.clone() }.open()
}

/// Where the model is, for people.
fn name(config: &Config) -> String {
    config.model.file.as_ref().unwrap_or(&config.model.store).display().to_string()
}
