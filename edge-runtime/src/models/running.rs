//! The model in use while the program runs: loaded at the start, watched while it is on trial.

use xray_core::package::SignedBytes;

use super::{Disk, ModelRefusal, ModelStore, ModelStoreError, State};

/// The model that a program has started with.
#[derive(Debug)]
pub struct StartedModel<R> {
    /// The model as `load` gave it.
    pub ready: R,
    /// Its SHA-256 (hex).
    pub sha256: String,
    /// Why it is not the one that was in use before, to be shown to people; none if it is.
    pub went_back: Option<String>,
}

/// What a screening says of the model. An image that cannot be read says nothing about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialOutcome {
    /// The engine gave a verdict.
    Succeeded,
    /// The engine failed, for this reason.
    Failed(String),
}

/// The trial of the running model after a screening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialStatus {
    /// It is not on trial.
    Steady,
    /// It is on trial, with so many screenings to go.
    OnTrial {
        /// Screenings to go.
        left: u32,
    },
    /// It ended its trial well just now.
    Confirmed,
    /// Another model is in use: load it with [`ModelStore::start`].
    Replaced,
}

impl<D: Disk> ModelStore<D> {
    /// Loads the model in use by `load`, which checks it on the test pattern ([`super::load_checked`]). If it cannot be
    /// loaded, or has had its last start on trial, the board goes back to the other model.
    ///
    /// # Errors
    /// [`ModelStoreError::NoModel`]; [`ModelStoreError::Unusable`] if neither model can be loaded; or what the disk says.
    pub fn start<R>(
        &self,
        mut load: impl FnMut(SignedBytes) -> Result<R, ModelRefusal>,
    ) -> Result<StartedModel<R>, ModelStoreError> {
        let _lock = self.disk().lock().map_err(self.io("lock"))?;
        let mut state = self.state()?;
        let active = state.active().ok_or(ModelStoreError::NoModel)?.sha256.clone();
        let mut try_load = |sha256: &str| match self.signed(sha256).map(&mut load) {
            Ok(Ok(ready)) => Ok(ready),
            Ok(Err(refusal)) => Err(refusal.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let started = |ready, sha256: String, went_back| StartedModel { ready, sha256, went_back };
        let last_start = state.started();
        let failed = match &last_start {
            Some(reason) => reason.clone(),
            None => {
                if state.trial().is_some() {
                    self.commit(&state)?;
                }
                match try_load(&active) {
                    Ok(ready) => return Ok(started(ready, active, None)),
                    Err(reason) => reason,
                }
            }
        };
        let other = state.fallback().map(|other| other.sha256.clone()).map_err(|nothing| nothing.to_string());
        let why_not = match other.and_then(|other| Ok((try_load(&other)?, other))) {
            Ok((ready, other)) => {
                state.go_back(&failed, true)?;
                self.commit(&state)?;
                return Ok(started(ready, other, Some(failed)));
            }
            Err(reason) => reason,
        };
        // It was started too often, but it is the only one that is left.
        if last_start.is_some()
            && let Ok(ready) = try_load(&active)
        {
            return Ok(started(ready, active, None));
        }
        Err(ModelStoreError::Unusable { reason: format!("{failed}; {why_not}") })
    }

    /// To be called before [`ModelStore::start`] if the program ended on an image the last time: that start does not count
    /// against a model on trial.
    ///
    /// # Errors
    /// What the disk says.
    pub fn excuse_start(&self) -> Result<(), ModelStoreError> {
        let _lock = self.disk().lock().map_err(self.io("lock"))?;
        let mut state = self.state()?;
        if state.excuse_start() { self.commit(&state) } else { Ok(()) }
    }

    /// To be called when the program has run well for a minute or ends in order: only starts that are followed by
    /// neither this nor a screening count against a model on trial.
    ///
    /// # Errors
    /// What the disk says.
    pub fn settled(&self, running: &str) -> Result<TrialStatus, ModelStoreError> {
        self.watch(running, |state| Ok(state.settled()))
    }

    /// To be called after each screening with the model that it was done with. If a model on trial failed, the board
    /// goes back.
    ///
    /// # Errors
    /// What the disk says.
    pub fn screened(&self, running: &str, health: &TrialOutcome) -> Result<TrialStatus, ModelStoreError> {
        self.watch(running, |state| match health {
            TrialOutcome::Succeeded => Ok(state.screened()),
            TrialOutcome::Failed(reason) if state.trial().is_some() => {
                state.go_back(reason, true).map(|()| true)
            }
            TrialOutcome::Failed(_) => Ok(false),
        })
    }

    fn watch(
        &self,
        running: &str,
        change: impl FnOnce(&mut State) -> Result<bool, ModelRefusal>,
    ) -> Result<TrialStatus, ModelStoreError> {
        let in_use = |state: &State| state.active().is_some_and(|active| active.sha256 == running);
        // Without the lock first: nearly always there is nothing to do.
        let state = self.state()?;
        if !in_use(&state) {
            return Ok(TrialStatus::Replaced);
        }
        if state.trial().is_none() {
            return Ok(TrialStatus::Steady);
        }
        let _lock = self.disk().lock().map_err(self.io("lock"))?;
        let mut state = self.state()?;
        if in_use(&state) && change(&mut state)? {
            self.commit(&state)?;
        }
        Ok(match state.trial() {
            _ if !in_use(&state) => TrialStatus::Replaced,
            Some(trial) => TrialStatus::OnTrial { left: trial.screenings_left },
            None => TrialStatus::Confirmed,
        })
    }
}
