//! What the device shows now and whether it works, shared between threads. The loop writes, others read; a reader
//! keeps the loop waiting only while it copies a few values.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use xray_core::package::Contract;
use xray_core::screening::printable;

use super::silence::is_work;
use super::{DisplayedSignal, Signal, SilenceLimits, Subject};
use crate::inputs::MediaState;
use crate::records::{AgeDeletion, Hash256};

/// Which model screens, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFacts {
    /// SHA-256 of its file.
    pub hash: Hash256,
    /// Number of its release; 0 if it was given none.
    pub version: u64,
    /// Name of its file.
    pub file: String,
    /// Its threshold, 0..1.
    pub threshold: f64,
    /// The abstain band: from the first to under the second (0..1) the model does not decide.
    pub abstain: Option<(f64, f64)>,
    /// Name of the engine.
    pub engine: &'static str,
    /// Whether its weights were drawn at random, so that it proves the program and nothing else.
    pub random: bool,
    /// Whether it holds a known answer, which it then gave before the first image.
    pub checked: bool,
}

impl ModelFacts {
    /// From the contract of a model; `engine` is what runs it.
    pub fn of(contract: &Contract, hash: Hash256, file: &str, engine: &'static str) -> Self {
        ModelFacts {
            hash,
            version: contract.version,
            file: file.to_owned(),
            threshold: contract.threshold,
            abstain: contract.abstain.map(|band| (band.low, band.high)),
            engine,
            random: contract.has_random_backbones(),
            checked: contract.known_answer.is_some(),
        }
    }
}

/// The status at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusSnapshot {
    /// What is shown, and its subject.
    pub shown: DisplayedSignal,
    /// How long it has been shown.
    pub shown_for: Duration,
    /// Since the loop last finished a cycle; none before its first.
    pub since_cycle: Option<Duration>,
    /// Whether the loop works on an image, whatever is shown.
    pub works: bool,
    /// Since the program began.
    pub uptime: Duration,
    /// The subject of the last result that was shown.
    pub last: Subject,
    /// Whether there is a stick to pull.
    pub media: MediaState,
    /// What keeps it from working, for a technician.
    pub error: Option<String>,
    /// Images that are deleted because of their age, now or soon.
    pub age_deletion: Option<AgeDeletion>,
    /// The model, once it was loaded and gave its known answer.
    pub model: Option<ModelFacts>,
}

/// Whether the device works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The model is being loaded and checked.
    Starting,
    Healthy,
    /// It does not work, and why, which may be empty.
    Faulty(String),
    /// The loop has not finished a cycle for so long.
    Stalled(Duration),
}

struct State {
    shown: DisplayedSignal,
    since: Instant,
    last_cycle: Option<Instant>,
    /// Whether the loop works while what is shown stays.
    works: bool,
    last: Subject,
    media: MediaState,
    error: Option<String>,
    age_deletion: Option<AgeDeletion>,
    model: Option<ModelFacts>,
}

/// What the device shows now and whether it works.
pub struct SharedStatus {
    began: Instant,
    silence: SilenceLimits,
    state: Mutex<State>,
}

impl SharedStatus {
    /// Nothing is shown yet. A loop that has been silent for too long counts as stalled.
    pub fn new(silence: impl Into<SilenceLimits>) -> Self {
        let silence = silence.into();
        let began = Instant::now();
        let state = State {
            shown: Signal::Off.into(),
            since: began,
            last_cycle: None,
            works: false,
            last: Subject::Nothing,
            media: MediaState::Absent,
            error: None,
            age_deletion: None,
            model: None,
        };
        SharedStatus { began, silence, state: Mutex::new(state) }
    }

    /// From now on this model screens, and the loop runs.
    pub fn ready(&self, facts: ModelFacts) {
        let mut state = self.state();
        (state.model, state.last_cycle) = (Some(facts), Some(Instant::now()));
    }

    /// This signal is shown from now on, without a subject.
    pub fn show(&self, signal: Signal) {
        self.display(signal.into());
    }

    /// This is shown from now on. Gives whether it is another signal than before.
    pub fn display(&self, shown: DisplayedSignal) -> bool {
        let mut state = self.state();
        let other = state.shown.signal != shown.signal;
        if state.shown != shown {
            (state.shown, state.since) = (shown, Instant::now());
        }
        if shown.subject != Subject::Nothing {
            state.last = shown.subject;
        }
        other
    }

    /// Whether there is a stick to pull.
    pub fn set_media_state(&self, media: MediaState) {
        self.state().media = media;
    }

    /// The loop works on an image until its cycle is finished, while what is shown stays.
    pub fn works_meanwhile(&self) {
        self.state().works = true;
    }

    /// The loop has finished a cycle.
    pub fn cycle_finished(&self) {
        let mut state = self.state();
        (state.last_cycle, state.works) = (Some(Instant::now()), false);
    }

    /// What keeps the device from working; `None` when it is over.
    pub fn set_error(&self, words: Option<String>) {
        self.state().error = words.map(|words| printable(&words));
    }

    /// Images are deleted because of their age, now or soon.
    pub fn set_age_deletion(&self, deletion: Option<AgeDeletion>) {
        self.state().age_deletion = deletion;
    }

    /// The status now.
    pub fn snapshot(&self) -> StatusSnapshot {
        let now = Instant::now();
        let state = self.state();
        StatusSnapshot {
            shown: state.shown,
            shown_for: now.saturating_duration_since(state.since),
            since_cycle: state.last_cycle.map(|last| now.saturating_duration_since(last)),
            works: state.works || is_work(state.shown.signal),
            uptime: now.saturating_duration_since(self.began),
            last: state.last,
            media: state.media,
            error: state.error.clone(),
            age_deletion: state.age_deletion,
            model: state.model.clone(),
        }
    }

    /// Whether the device works, by a snapshot.
    pub fn health(&self, snapshot: &StatusSnapshot) -> Health {
        match (&snapshot.error, snapshot.shown.signal, snapshot.since_cycle) {
            (Some(words), ..) => Health::Faulty(words.clone()),
            (None, Signal::Fault, _) => Health::Faulty(String::new()),
            (None, _, None) => Health::Starting,
            (None, _, Some(silent)) if silent > self.silence.while_working(snapshot.works) => {
                Health::Stalled(silent)
            }
            _ => Health::Healthy,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn facts() -> ModelFacts {
        ModelFacts {
            hash: Hash256::of(b"model"),
            version: 1,
            file: "model.onnx".into(),
            threshold: 0.5,
            abstain: None,
            engine: "tract",
            random: false,
            checked: true,
        }
    }

    fn health(status: &SharedStatus) -> Health {
        status.health(&status.snapshot())
    }

    #[test]
    fn a_device_is_well_only_while_nothing_is_wrong() {
        let status = SharedStatus::new(Duration::from_secs(60));
        let status = Arc::new(status);
        status.show(Signal::Busy);
        assert_eq!(status.snapshot().shown, Signal::Busy.into());
        assert_eq!(health(&status), Health::Starting);
        status.ready(facts());
        assert_eq!(health(&status), Health::Healthy);
        status.set_error(Some("the disk is full".into()));
        assert_eq!(health(&status), Health::Faulty("the disk is full".into()));
        status.set_error(None);
        status.show(Signal::Fault);
        assert_eq!(health(&status), Health::Faulty(String::new()));
        status.display(DisplayedSignal::refused("camera-late"));
        assert_eq!(status.snapshot().shown.subject, Subject::Refused("camera-late"));
        status.show(Signal::Ready);
        assert_eq!(status.snapshot().shown.subject, Subject::Nothing);
        assert_eq!(status.snapshot().last, Subject::Refused("camera-late"));
        assert_eq!(health(&status), Health::Healthy);
    }

    #[test]
    fn a_loop_that_hangs_is_noticed() {
        let status = SharedStatus::new(Duration::ZERO);
        status.ready(facts());
        std::thread::sleep(Duration::from_millis(2));
        assert!(matches!(health(&status), Health::Stalled(_)));
    }
}
