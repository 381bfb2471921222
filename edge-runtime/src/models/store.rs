//! The model store on its disk: state, models, events.

use xray_core::package::{
    MAX_PACKAGE_BYTES, MAX_SIGNATURE_BYTES, PackageFile, SIGNATURE_SUFFIX, SignatureFile, SignedBytes,
    TrustedKeys,
};

use super::{Disk, EventSink, ModelRefusal, ModelStoreError, SelfTestReport, State};

/// The file that says which model is in use.
const STATE: &str = "state.json";
/// The same before it is complete.
const NEW_STATE: &str = "state.json.new";
/// Largest state file that is read, in bytes.
const MAX_STATE_BYTES: u64 = 256 * 1024;
/// Ending of a file that is being written.
const UNFINISHED: &str = ".new";

/// The models of a board.
#[derive(Debug)]
pub struct ModelStore<D> {
    pub(super) disk: D,
    pub(super) keys: TrustedKeys,
}

impl State {
    /// What is in use on a disk.
    ///
    /// # Errors
    /// [`ModelStoreError::Io`] or [`ModelStoreError::BadState`].
    pub fn read(disk: &impl Disk) -> Result<State, ModelStoreError> {
        let unreadable = |error: std::io::Error| ModelStoreError::Io {
            file: disk.path(STATE).display().to_string(),
            reason: error.to_string(),
        };
        match disk.read(STATE, MAX_STATE_BYTES).map_err(unreadable)? {
            None => Ok(State::default()),
            Some(text) => State::from_text(&text).map_err(|reason| ModelStoreError::BadState { reason }),
        }
    }
}

impl<D: Disk> ModelStore<D> {
    /// The store on a disk. Only models signed by one of `keys` are taken and run.
    pub fn new(disk: D, keys: TrustedKeys) -> Self {
        ModelStore { disk, keys }
    }

    /// What is in use now. It may change right after.
    ///
    /// # Errors
    /// [`ModelStoreError::Io`] or [`ModelStoreError::BadState`].
    pub fn state(&self) -> Result<State, ModelStoreError> {
        State::read(&self.disk)
    }

    /// Whether the model in use still runs; changes nothing.
    ///
    /// # Errors
    /// [`ModelStoreError::NoModel`], or why it does not.
    pub fn check(
        &self,
        self_test: impl FnOnce(SignedBytes) -> Result<SelfTestReport, ModelRefusal>,
    ) -> Result<SelfTestReport, ModelStoreError> {
        let state = self.state()?;
        let active = state.active().ok_or(ModelStoreError::NoModel)?;
        let unusable = |reason: String| ModelStoreError::Unusable { reason };
        let signed = self.signed(&active.sha256)?;
        self_test(signed).map_err(|refusal| unusable(refusal.to_string()))
    }

    /// Hands the events that were not recorded yet to the record, in order; each is handed over at least once. Of those
    /// that are not there any more the first and the last number are recorded.
    ///
    /// # Errors
    /// [`ModelStoreError::NotRecorded`], or what the disk says; what was not handed over comes again.
    pub fn deliver(&self, sink: &mut dyn EventSink) -> Result<(), ModelStoreError> {
        if self.state()?.unrecorded().next().is_none() {
            return Ok(());
        }
        let _lock = self.disk.lock().map_err(self.io("lock"))?;
        let mut state = self.state()?;
        // What is in the record must not be undone by a loss of power.
        self.disk.sync().map_err(self.io("."))?;
        let pending: Vec<_> = state.dropped().into_iter().chain(state.unrecorded().cloned()).collect();
        let mut outcome = Ok(());
        for event in pending {
            if let Err(error) = sink.record(&event) {
                let (number, reason) = (event.number, error.to_string());
                outcome = Err(ModelStoreError::NotRecorded { number, reason });
                break;
            }
            state.recorded_up_to(event.number);
        }
        self.commit(&state)?;
        outcome
    }

    pub fn disk(&self) -> &D {
        &self.disk
    }

    pub(super) fn io<'a>(&'a self, name: &'a str) -> impl Fn(std::io::Error) -> ModelStoreError + 'a {
        move |error| ModelStoreError::Io {
            file: self.disk.path(name).display().to_string(),
            reason: error.to_string(),
        }
    }

    /// Makes what `state` says true, as a whole.
    pub(super) fn commit(&self, state: &State) -> Result<(), ModelStoreError> {
        let text = state.to_text().map_err(|reason| ModelStoreError::BadState { reason })?;
        self.disk.write(NEW_STATE, &text).map_err(self.io(NEW_STATE))?;
        self.disk.rename(NEW_STATE, STATE).map_err(self.io(STATE))?;
        self.disk.sync().map_err(self.io(STATE))
    }

    /// A model of the store, its signature checked again: disks fail, and keys are taken away.
    pub(super) fn signed(&self, sha256: &str) -> Result<SignedBytes, ModelStoreError> {
        let (model, signature) = names(sha256);
        let read = |name: &str, limit| {
            let missing = || ModelStoreError::Unusable {
                reason: format!("{} is missing", self.disk.path(name).display()),
            };
            self.disk.read(name, limit).map_err(self.io(name))?.ok_or_else(missing)
        };
        let bytes = read(&model, MAX_PACKAGE_BYTES)?;
        let text = read(&signature, MAX_SIGNATURE_BYTES)?;
        let file = PackageFile::from_bytes(&self.disk.path(&model), bytes);
        if file.sha256() != sha256 {
            let reason = format!("{} was changed on the disk", file.path().display());
            return Err(ModelStoreError::Unusable { reason });
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        let signature = SignatureFile::from_text(&self.disk.path(&signature), text);
        Ok(self.keys.verify(file, &signature).map_err(ModelRefusal::from)?)
    }

    /// Brings a model and its signature to the disk and reads them back.
    pub(super) fn keep(&self, signed: &SignedBytes) -> Result<(), ModelStoreError> {
        let sha256 = signed.file().sha256();
        let (model, signature) = names(sha256);
        for (name, bytes) in [(model, signed.file().bytes()), (signature, signed.signature().as_bytes())] {
            let unfinished = name.clone() + UNFINISHED;
            self.disk.write(&unfinished, bytes).map_err(self.io(&unfinished))?;
            self.disk.rename(&unfinished, &name).map_err(self.io(&name))?;
        }
        self.disk.sync().map_err(self.io("."))?;
        self.signed(sha256).map(drop)
    }

    /// Removes what `state` does not speak of.
    pub(super) fn clean(&self, state: &State) -> Result<(), ModelStoreError> {
        // What is removed may be what an older state speaks of: this one must be safe on the disk before.
        self.disk.sync().map_err(self.io("."))?;
        let kept: Vec<String> =
            state.models().flat_map(|sha256| <[String; 2]>::from(names(sha256))).collect();
        for name in self.disk.names().map_err(self.io("."))? {
            if name != STATE && !kept.contains(&name) {
                self.disk.remove(&name).map_err(self.io(&name))?;
            }
        }
        Ok(())
    }
}

/// Names of a model's two files.
fn names(sha256: &str) -> (String, String) {
    (format!("{sha256}.onnx"), format!("{sha256}.onnx{SIGNATURE_SUFFIX}"))
}
