//! Which model is in use: one small file, replaced as a whole. Its rules are here, without a disk.

use serde::{Deserialize, Serialize};

use super::{InstallOptions, Installed, ModelEvent, ModelRefusal, NumberedEvent, Slot, Trial, VersionFloor};

/// Format of the state file that this build writes and the only one that it reads.
const FORMAT: u32 = 1;

/// Events that are kept for people to look at, and for the record; the oldest go first.
const MAX_EVENTS: usize = 64;

/// What the state file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format: u32,
    active: Option<Slot>,
    a: Option<Installed>,
    b: Option<Installed>,
    trial: Option<Trial>,
    floor: u64,
    next_event: u64,
    recorded: u64,
    events: Vec<NumberedEvent>,
}

impl Default for State {
    /// A board without a model.
    fn default() -> Self {
        State {
            format: FORMAT,
            active: None,
            a: None,
            b: None,
            trial: None,
            floor: 0,
            next_event: 0,
            recorded: 0,
            events: Vec::new(),
        }
    }
}

impl State {
    /// Reads what [`State::to_text`] wrote; says what does not hold.
    pub(super) fn from_text(text: &[u8]) -> Result<State, String> {
        let state: State = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if state.format != FORMAT {
            return Err(format!("it has the format {}, this program reads {FORMAT}", state.format));
        }
        if state.active.is_some_and(|slot| state.slot(slot).is_none()) {
            return Err("the slot in use is empty".to_owned());
        }
        let hash = |sha256: &str| sha256.len() == 64 && sha256.bytes().all(|c| c.is_ascii_hexdigit());
        if [&state.a, &state.b].into_iter().flatten().any(|model| !hash(&model.sha256)) {
            return Err("a hash is none".to_owned());
        }
        Ok(state)
    }

    pub(super) fn to_text(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec_pretty(self).map_err(|error| error.to_string())
    }

    /// The slot in use; none on a board without a model.
    pub fn active_slot(&self) -> Option<Slot> {
        self.active
    }

    /// The model in a slot.
    pub fn slot(&self, slot: Slot) -> Option<&Installed> {
        match slot {
            Slot::A => self.a.as_ref(),
            Slot::B => self.b.as_ref(),
        }
    }

    /// The model in use.
    pub fn active(&self) -> Option<&Installed> {
        self.slot(self.active?)
    }

    /// The model that is not in use.
    pub fn other(&self) -> Option<&Installed> {
        self.slot(self.active?.other())
    }

    /// The model to go back to, if there is one that did not fail.
    pub fn fallback(&self) -> Result<&Installed, ModelRefusal> {
        let nothing = |reason: String| ModelRefusal::NothingElse { reason };
        match self.other() {
            None => Err(nothing(String::new())),
            Some(Installed { failed: Some(reason), .. }) => {
                Err(nothing(format!("the other one failed: {reason}")))
            }
            Some(other) => Ok(other),
        }
    }

    /// The trial of the model in use.
    pub fn trial(&self) -> Option<&Trial> {
        self.trial.as_ref()
    }

    /// The lowest version that is taken without an override: the highest that was ever confirmed. It never sinks.
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// The last events, oldest first.
    pub fn events(&self) -> &[NumberedEvent] {
        &self.events
    }

    /// Events that were not handed to the record yet.
    pub fn unrecorded(&self) -> impl Iterator<Item = &NumberedEvent> {
        self.events.iter().filter(|event| event.number >= self.recorded)
    }

    /// Says which events went before they were recorded; none if all were.
    pub(super) fn dropped(&self) -> Option<NumberedEvent> {
        let oldest = self.events.first().map_or(self.next_event, |event| event.number);
        let (first, last) = (self.recorded, oldest.checked_sub(1)?);
        (first <= last).then_some(NumberedEvent { number: first, event: ModelEvent::Dropped { first, last } })
    }

    pub(super) fn recorded_up_to(&mut self, number: u64) {
        self.recorded = self.recorded.max(number + 1);
    }

    /// Hashes of the models that are in a slot.
    pub(super) fn models(&self) -> impl Iterator<Item = &str> {
        [&self.a, &self.b].into_iter().flatten().map(|model| model.sha256.as_str())
    }

    pub(super) fn happened(&mut self, event: ModelEvent) {
        self.events.push(NumberedEvent { number: self.next_event, event });
        self.next_event += 1;
        let over = self.events.len().saturating_sub(MAX_EVENTS);
        self.events.drain(..over);
    }

    /// Whether a model may be put in use; `options` may override a rule. Without its version the rules for that are left out.
    pub(super) fn check_candidate(
        &self,
        sha256: &str,
        version: Option<u64>,
        options: InstallOptions,
    ) -> Result<(), ModelRefusal> {
        if let (Some(trial), Some(active)) = (&self.trial, self.active()) {
            return Err(ModelRefusal::OnTrial { sha256: active.sha256.clone(), left: trial.screenings_left });
        }
        if let Some(version) = version.filter(|_| !options.allow_downgrade) {
            self.check_version(sha256, version, options.floor)?;
        }
        match self.other() {
            Some(Installed { sha256: failed, failed: Some(reason), .. })
                if failed == sha256 && !options.retry =>
            {
                Err(ModelRefusal::FailedBefore { sha256: sha256.to_owned(), reason: reason.clone() })
            }
            _ => Ok(()),
        }
    }

    /// A version says which of two models is the newer one, so there must be one, no two models may have the same, and it
    /// must not be below the floor. The floor's own model is not known any more where its events are gone: then any other
    /// content counts as another model.
    fn check_version(
        &self,
        sha256: &str,
        version: u64,
        recorded: Option<VersionFloor>,
    ) -> Result<(), ModelRefusal> {
        let name = || sha256.to_owned();
        if version == 0 {
            return Err(ModelRefusal::NoVersion { sha256: name() });
        }
        let floor = self.floor.max(recorded.map_or(0, |floor| floor.version));
        if version < floor {
            return Err(ModelRefusal::Downgrade { sha256: name(), version, floor });
        }
        let of_record = recorded.filter(|floor| floor.version == version);
        let mut others = self.known_versions().filter(|(_, known)| *known == version).peekable();
        let any = others.peek().is_some() || version == floor;
        let same = others.any(|(known, _)| known == sha256)
            || of_record.is_some_and(|floor| floor.sha256 == sha256.as_bytes());
        if any && !same {
            return Err(ModelRefusal::SameVersion { sha256: name(), version });
        }
        Ok(())
    }

    /// Hash and version of the models that are or were here, as far as slots and events tell.
    fn known_versions(&self) -> impl Iterator<Item = (&str, u64)> {
        let slots =
            [&self.a, &self.b].into_iter().flatten().map(|model| (model.sha256.as_str(), model.version));
        let events = self.events.iter().filter_map(|event| match &event.event {
            ModelEvent::Installed { sha256, version, .. } | ModelEvent::Confirmed { sha256, version } => {
                Some((sha256.as_str(), *version))
            }
            _ => None,
        });
        slots.chain(events)
    }

    /// Puts a model in use, on trial if there is another to go back to.
    pub(super) fn install(&mut self, model: Installed, options: InstallOptions) {
        let watch = options.watch;
        self.floor = self.floor.max(options.floor.map_or(0, |floor| floor.version));
        let overridden = (model.version < self.floor).then_some(self.floor);
        let on_trial = self.active.is_some() && watch.screenings > 0;
        let trial = if on_trial { watch.screenings } else { 0 };
        self.happened(ModelEvent::Installed {
            sha256: model.sha256.clone(),
            version: model.version,
            key: model.key.clone(),
            trial,
            overridden,
        });
        let slot = self.active.map_or(Slot::A, Slot::other);
        match slot {
            Slot::A => self.a = Some(model),
            Slot::B => self.b = Some(model),
        }
        self.active = Some(slot);
        self.trial =
            on_trial.then_some(Trial { screenings_left: trial, starts: 0, starts_allowed: watch.starts });
        if !on_trial {
            self.confirm();
        }
    }

    /// Ends the trial well.
    fn confirm(&mut self) {
        self.trial = None;
        if let Some(active) = self.active() {
            let (sha256, version) = (active.sha256.clone(), active.version);
            self.floor = self.floor.max(version);
            self.happened(ModelEvent::Confirmed { sha256, version });
        }
    }

    /// Puts the other model in use; the one that was is marked if it failed.
    pub(super) fn go_back(&mut self, reason: &str, failed: bool) -> Result<(), ModelRefusal> {
        let to = self.fallback()?.sha256.clone();
        let Some(slot) = self.active else { return Ok(()) };
        let left = match slot {
            Slot::A => self.a.as_mut(),
            Slot::B => self.b.as_mut(),
        };
        let Some(left) = left else { return Ok(()) };
        left.failed = failed.then(|| reason.to_owned());
        let from = left.sha256.clone();
        self.active = Some(slot.other());
        self.trial = None;
        self.happened(ModelEvent::RolledBack { from, to, reason: reason.to_owned() });
        Ok(())
    }

    /// Counts a start of the program; gives the reason if the model on trial has had its last.
    pub(super) fn started(&mut self) -> Option<String> {
        let trial = self.trial.as_mut()?;
        if trial.starts >= trial.starts_allowed {
            return Some(format!("{} starts on trial and nothing done well", trial.starts));
        }
        trial.starts += 1;
        None
    }

    /// The last start does not count. Whether that changed anything.
    pub(super) fn excuse_start(&mut self) -> bool {
        let Some(trial) = self.trial.as_mut().filter(|trial| trial.starts > 0) else { return false };
        trial.starts -= 1;
        true
    }

    /// The program runs well. Whether that changed anything.
    pub(super) fn settled(&mut self) -> bool {
        self.trial.as_mut().is_some_and(|trial| std::mem::take(&mut trial.starts) > 0)
    }

    /// A screening was done well. Whether that changed anything.
    pub(super) fn screened(&mut self) -> bool {
        let Some(trial) = &mut self.trial else { return false };
        trial.starts = 0;
        trial.screenings_left = trial.screenings_left.saturating_sub(1);
        if trial.screenings_left == 0 {
            self.confirm();
        }
        true
    }
}
