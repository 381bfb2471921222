//! The installed model that screens: its trial, and replacing it from a stick.

use std::time::{Duration, Instant};

use tracing::{info, warn};
use xray_core::engine::EngineOptions;
use xray_core::package::signature_of;

use super::stick_model::{self, ModelReadError, ReadModel};
use crate::inputs::{InputRefusal, PATIENCE};
use crate::models::{
    EventSink, InstallOptions, Installation, ModelFolder, ModelRefusal, ModelStore, ModelStoreError,
    ModelsOnStick, NumberedEvent, SourceFile, StickPolicy, TrialOutcome, TrialStatus, VersionFloor, floor_of,
    self_test, short,
};
use crate::records::{Origin, RecordStore, RecordStoreError, Timestamp};

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
    from_stick: StickPolicy,
    sha256: String,
    began: Instant,
}

/// A model on a stick that could be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedModel {
    source: SourceFile,
    pub sha256: String,
    pub version: u64,
    /// Name of the key that signed it.
    pub key: String,
}

impl InstalledModel {
    /// The model with this hash (hex), started from `store` just now and run with `engine`.
    pub fn new(
        store: ModelStore<ModelFolder>,
        engine: EngineOptions,
        from_stick: StickPolicy,
        sha256: String,
    ) -> Self {
        InstalledModel { store, engine, from_stick, sha256, began: Instant::now() }
    }

    /// A board without a model, that will run its first one with `engine`.
    pub fn none_yet(store: ModelStore<ModelFolder>, engine: EngineOptions, from_stick: StickPolicy) -> Self {
        InstalledModel::new(store, engine, from_stick, String::new())
    }

    /// What becomes of a signed model on a stick.
    pub fn from_stick(&self) -> StickPolicy {
        self.from_stick
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
        let done = self.one(found, alive).and_then(|source| match source {
            None => Ok(None),
            Some(source) => self.install_file(source, record, false, alive),
        });
        self.tell(done, record)
    }

    /// Checks the model on a stick as an installation would and changes nothing; none if it is in use already. Why it could
    /// not be installed is recorded and logged. `alive` is called while the stick is read.
    ///
    /// # Errors
    /// Why it could not be installed.
    pub fn look(
        &self,
        found: &ModelsOnStick,
        record: &mut RecordStore,
        has_button: bool,
        alive: &mut dyn FnMut(),
    ) -> Result<Option<CheckedModel>, InputRefusal> {
        let looked = self.one(found, alive).and_then(|source| {
            let Some(source) = source else { return Ok(None) };
            let looked = self.install_file(source, record, true, alive);
            let checked = looked.map(|done| done.map(|done| CheckedModel::of(source, done)));
            match checked {
                Ok(Some(CheckedModel { sha256, .. })) if !has_button => {
                    Err(self.refuse(&sha256, &ModelRefusal::NoButton { sha256: sha256.clone() }))
                }
                other => other,
            }
        });
        self.record_events(record);
        match &looked {
            Ok(None) => info!("the model on the stick is in use already"),
            Ok(Some(_)) => {}
            Err(refusal) => warn!(origin = Origin::Stick.code(), code = refusal.code, "{}", refusal.reason),
        }
        looked
    }

    /// Installs a model that was checked. What is read now is checked again, and must be the same.
    ///
    /// # Errors
    /// Why not; this board keeps the model that it has.
    pub fn install_checked(
        &self,
        checked: &CheckedModel,
        record: &mut RecordStore,
        alive: &mut dyn FnMut(),
    ) -> Result<Option<Installation>, InputRefusal> {
        let done = self.try_install_checked(checked, record, alive);
        self.tell(done, record)
    }

    fn try_install_checked(
        &self,
        CheckedModel { source, sha256, .. }: &CheckedModel,
        record: &RecordStore,
        alive: &mut dyn FnMut(),
    ) -> Result<Option<Installation>, InputRefusal> {
        let (file, signature) = read_from_stick(source, alive)?;
        if file.sha256() != sha256 {
            return Err(self.refuse(file.sha256(), &ModelRefusal::Changed { sha256: sha256.clone() }));
        }
        let options = options(record, false)?;
        let done = self.store.install_read(file, signature, options, |signed| self_test(signed, self.engine));
        let done = done.map_err(|error| refusal(&error))?;
        Ok(done.proof.is_some().then_some(done))
    }

    /// The one model on a stick.
    fn one<'a>(
        &self,
        found: &'a ModelsOnStick,
        alive: &mut dyn FnMut(),
    ) -> Result<Option<&'a SourceFile>, InputRefusal> {
        match found {
            ModelsOnStick::One(source) => Ok(Some(source)),
            ModelsOnStick::Nothing => Ok(None),
            ModelsOnStick::Several(models) => {
                let several = ModelRefusal::Several { count: models.len() };
                for model in models.iter().take(NAMED) {
                    let source = SourceFile { signature: signature_of(model), model: model.clone() };
                    let (file, _) = read_from_stick(&source, alive)?;
                    self.refuse(file.sha256(), &several);
                }
                Err(refusal(&several))
            }
        }
    }

    /// Installs a file, or with `dry_run` does all but that; a refusal is recorded either way.
    fn install_file(
        &self,
        source: &SourceFile,
        record: &RecordStore,
        dry_run: bool,
        alive: &mut dyn FnMut(),
    ) -> Result<Option<Installation>, InputRefusal> {
        let options = options(record, dry_run)?;
        let (file, signature) = read_from_stick(source, alive)?;
        let sha256 = file.sha256().to_owned();
        let done = self.store.install_read(file, signature, options, |signed| self_test(signed, self.engine));
        match done {
            Ok(done) => Ok(done.proof.is_some().then_some(done)),
            Err(ModelStoreError::Refused(why)) if dry_run => Err(self.refuse(&sha256, &why)),
            Err(error) => Err(refusal(&error)),
        }
    }

    /// Writes down that a model is not put in use, and gives the reason.
    fn refuse(&self, sha256: &str, why: &ModelRefusal) -> InputRefusal {
        if let Err(error) = self.store.refuse(sha256, why) {
            warn!("{error}");
        }
        refusal(why)
    }

    /// Records and logs what became of a model.
    fn tell(
        &self,
        done: Result<Option<Installation>, InputRefusal>,
        record: &mut RecordStore,
    ) -> Result<Option<Installation>, InputRefusal> {
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
}

fn read_from_stick(source: &SourceFile, alive: &mut dyn FnMut()) -> Result<ReadModel, InputRefusal> {
    stick_model::read(source, PATIENCE, alive).map_err(|error| {
        let code = if matches!(error, ModelReadError::Silent(_)) { STICK_SILENT } else { "model-refused" };
        InputRefusal { code, reason: error.to_string() }
    })
}

impl CheckedModel {
    fn of(source: &SourceFile, done: Installation) -> Self {
        let Installation { model, .. } = done;
        CheckedModel { source: source.clone(), sha256: model.sha256, version: model.version, key: model.key }
    }
}

fn refusal(why: &dyn std::fmt::Display) -> InputRefusal {
    InputRefusal { code: "model-refused", reason: why.to_string() }
}

/// No rule is overridden. The record knows which versions were confirmed here, also where the store of models was lost.
fn options(record: &RecordStore, dry_run: bool) -> Result<InstallOptions, InputRefusal> {
    let floor = floor_in(record).map_err(|error| refusal(&error))?;
    Ok(InstallOptions { floor, dry_run, ..InstallOptions::default() })
}

fn floor_in(record: &RecordStore) -> Result<Option<VersionFloor>, RecordStoreError> {
    let events = record.model_events()?;
    Ok(floor_of(events.iter().map(|event| event.event.as_str())))
}

impl EventSink for RecordStore {
    fn record(&mut self, event: &NumberedEvent) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let text = serde_json::to_string(&event.event)?;
        self.append_model_event(event.number, &text, Timestamp::now())?;
        Ok(())
    }
}
