//! The installed model that screens: its trial, and replacing it from a stick.

use std::time::{Duration, Instant};

use tracing::{info, warn};
use xray_core::engine::EngineOptions;
use xray_core::package::signature_of;

use super::stick_model::{self, ModelReadError, ReadModel};
use crate::inputs::{InputRefusal, PATIENCE};
use crate::models::{
    self, EventSink, InstallOptions, Installation, ModelFolder, ModelStore, ModelStoreError, ModelsOnStick,
    NumberedEvent, SourceFile, TrialOutcome, TrialStatus, self_test, short,
};
use crate::records::{Origin, RecordStore, Timestamp};

/// A program that has run for so long counts as a good start.
const SETTLED: Duration = Duration::from_secs(60);

/// The code of a refusal because the stick does not answer: a fault of the input, not of the model.
pub(super) const STICK_SILENT: &str = "stick-silent";

/// How many of several models on a stick are recorded.
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

    /// A board without a model, that will run its first one with `engine`.
    pub fn none_yet(store: ModelStore<ModelFolder>, engine: EngineOptions) -> Self {
        InstalledModel::new(store, engine, String::new())
    }

    /// Whether a model is in use now.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_model(&self) -> Result<bool, ModelStoreError> {
        Ok(self.store.state()?.active().is_some())
    }

    /// Counts a screening for or against it. Gives whether another model is in use.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn screened(&self, outcome: &TrialOutcome) -> Result<bool, ModelStoreError> {
        Ok(self.store.screened(&self.sha256, outcome)? == TrialStatus::Replaced)
    }

    /// To be called regularly: a start that went well for a minute does not count against the model. Gives whether
    /// another model is in use.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn check(&self) -> Result<bool, ModelStoreError> {
        Ok(self.began.elapsed() >= SETTLED && self.store.settled(&self.sha256)? == TrialStatus::Replaced)
    }

    /// Records what happened to the models of this board. An event that cannot be recorded, as on a full disk, stays with
    /// the models and is recorded by a later call.
    pub fn record_events(&self, record: &mut RecordStore) {
        if let Err(error) = self.store.deliver(record) {
            warn!("{error}");
        }
    }

    /// Installs the model on a stick, and records and logs the result; none if it is in use already. No rule is
    /// overridden, since no person confirms it. While it is read `alive` is called at intervals.
    ///
    /// # Errors
    /// Why not; this board keeps the model that it has.
    pub fn install(
        &self,
        found: &ModelsOnStick,
        record: &mut RecordStore,
        alive: &mut dyn FnMut(),
    ) -> Result<Option<Installation>, InputRefusal> {
        let done = self.try_install(found, alive);
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

    fn try_install(
        &self,
        found: &ModelsOnStick,
        alive: &mut dyn FnMut(),
    ) -> Result<Option<Installation>, InputRefusal> {
        let refusal = |reason: String| InputRefusal { code: "model-refused", reason };
        let source = match found {
            ModelsOnStick::One(source) => source,
            ModelsOnStick::Nothing => return Ok(None),
            ModelsOnStick::Several(models) => {
                let several = models::ModelRefusal::Several { count: models.len() };
                for model in models.iter().take(NAMED) {
                    let source = SourceFile { signature: signature_of(model), model: model.clone() };
                    let (file, _) = read_from_stick(&source, alive)?;
                    if let Err(error) = self.store.refuse(&file, &several) {
                        warn!("{error}");
                    }
                }
                return Err(refusal(several.to_string()));
            }
        };
        let (file, signature) = read_from_stick(source, alive)?;
        let self_test_here = |signed| self_test(signed, self.engine);
        let done = self.store.install_read(file, signature, InstallOptions::default(), self_test_here);
        let done = done.map_err(|error| refusal(error.to_string()))?;
        Ok(done.proof.is_some().then_some(done))
    }
}

fn read_from_stick(source: &SourceFile, alive: &mut dyn FnMut()) -> Result<ReadModel, InputRefusal> {
    stick_model::read(source, PATIENCE, alive).map_err(|error| {
        let code = if matches!(error, ModelReadError::Silent(_)) { STICK_SILENT } else { "model-refused" };
        InputRefusal { code, reason: error.to_string() }
    })
}

impl EventSink for RecordStore {
    fn record(&mut self, event: &NumberedEvent) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let text = serde_json::to_string(&event.event)?;
        self.append_model_event(event.number, &text, Timestamp::now())?;
        Ok(())
    }
}
