//! The installed model that screens: its trial, and what a stick brings in its place.

use std::time::{Duration, Instant};

use tracing::{info, warn};
use xray_core::engine::EngineOptions;

use crate::inputs::InputRefusal;
use crate::models::{
    self, EventSink, InstallOptions, Installation, ModelFolder, ModelStore, ModelStoreError, ModelsOnStick,
    NumberedEvent, TrialOutcome, TrialStatus, self_test, short,
};
use crate::records::{Origin, RecordStore, Timestamp};

/// A program that has run for so long has started well.
const SETTLED: Duration = Duration::from_secs(60);

/// Of several models on a stick, so many are named in the record.
const NAMED: usize = 4;

/// The installed model that the worker runs.
#[derive(Debug)]
pub struct InstalledModel {
    store: ModelStore<ModelFolder>,
    engine: EngineOptions,
    sha256: String,
    began: Instant,
}

impl InstalledModel {
    /// The model with this hash (hex), started from `store` just now and run with `engine`.
    pub fn new(store: ModelStore<ModelFolder>, engine: EngineOptions, sha256: String) -> Self {
        InstalledModel { store, engine, sha256, began: Instant::now() }
    }

    /// A board on which none is installed yet, that will run it with `engine`.
    pub fn none_yet(store: ModelStore<ModelFolder>, engine: EngineOptions) -> Self {
        InstalledModel::new(store, engine, String::new())
    }

    /// Whether a model is in use by now.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_model(&self) -> Result<bool, ModelStoreError> {
        Ok(self.store.state()?.active().is_some())
    }

    /// Counts a screening for or against it. Whether another model is in use from now on.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn screened(&self, outcome: &TrialOutcome) -> Result<bool, ModelStoreError> {
        Ok(self.store.screened(&self.sha256, outcome)? == TrialStatus::Replaced)
    }

    /// To be called now and then: a start that went well for a minute is not held against it. Whether another model
    /// is in use from now on.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn check(&self) -> Result<bool, ModelStoreError> {
        Ok(self.began.elapsed() >= SETTLED && self.store.settled(&self.sha256)? == TrialStatus::Replaced)
    }

    /// Writes what happened to the models of this board into its record. An event that cannot be written, as on a full
    /// disk, is no reason to stop: it stays with the models and comes again with the next call.
    pub fn record_events(&self, record: &mut RecordStore) {
        if let Err(error) = self.store.deliver(record) {
            warn!("{error}");
        }
    }

    /// Puts the model on a stick in use, and writes into the record and the log what became of it; none if it is in use
    /// already. Nobody stands there to override a rule, so none is.
    ///
    /// # Errors
    /// Why not; this board keeps the model that it has.
    pub fn install(
        &self,
        found: &ModelsOnStick,
        record: &mut RecordStore,
    ) -> Result<Option<Installation>, InputRefusal> {
        let done = self.try_install(found);
        self.record_events(record);
        match &done {
            Ok(None) => info!("the model on the stick is in use already"),
            Ok(Some(done)) => {
                let (model, version) = (short(&done.model.sha256), done.model.version);
                info!(model, version, key = done.model.key, trial = done.trial, "installed from a stick");
            }
            Err(refusal) => warn!(origin = Origin::Stick.code(), code = refusal.code, "{}", refusal.reason),
        }
        done
    }

    fn try_install(&self, found: &ModelsOnStick) -> Result<Option<Installation>, InputRefusal> {
        let refusal = |reason: String| InputRefusal { code: "model-refused", reason };
        let source = match found {
            ModelsOnStick::One(source) => source,
            ModelsOnStick::Nothing => return Ok(None),
            ModelsOnStick::Several(models) => {
                let several = models::ModelRefusal::Several { count: models.len() };
                for model in models.iter().take(NAMED) {
                    if let Err(error) = self.store.refuse(model, several.clone()) {
                        warn!("{error}");
                    }
                }
                return Err(refusal(several.to_string()));
            }
        };
        let self_test_here = |signed| self_test(signed, self.engine);
        let done = self.store.install_file(source, InstallOptions::default(), self_test_here);
        let done = done.map_err(|error| refusal(error.to_string()))?;
        Ok(done.proof.is_some().then_some(done))
    }
}

impl EventSink for RecordStore {
    fn record(&mut self, event: &NumberedEvent) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let text = serde_json::to_string(&event.event)?;
        self.append_model_event(event.number, &text, Timestamp::now())?;
        Ok(())
    }
}
