//! What the device shows now and how it is, for whoever looks from another thread. The loop writes, others read; a
//! reader never makes the loop wait longer than copying these few words takes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use xray_core::package::Contract;

use super::lights::{About, Show, Shown, Signal};
use crate::decoding::Decoding;
use crate::record::Hash256;
use crate::sources::Medium;

/// Which model screens, as people are told.
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
    /// Between these two (0..1) it must not decide.
    pub abstain: Option<(f64, f64)>,
    /// What runs it.
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

/// What is known at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// What is shown, and whose it is.
    pub shown: Shown,
    /// For how long.
    pub shown_for: Duration,
    /// Since the loop last finished a turn; none before its first.
    pub since_beat: Option<Duration>,
    /// Since the program began.
    pub uptime: Duration,
    /// What the last result that was shown was about.
    pub last: About,
    /// Whether there is a stick to pull.
    pub medium: Medium,
    /// What keeps it from working, in words for a technician.
    pub trouble: Option<String>,
    /// The model, once it was loaded and gave its known answer.
    pub model: Option<ModelFacts>,
}

/// How the device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The model is being loaded and checked.
    Starting,
    /// It works.
    Well,
    /// It does not; in words.
    Faulty(String),
    /// The loop has not finished a turn for so long.
    Silent(Duration),
}

struct State {
    shown: Shown,
    since: Instant,
    beat: Option<Instant>,
    last: About,
    medium: Medium,
    trouble: Option<String>,
    model: Option<ModelFacts>,
}

/// What the device shows now and how it is.
pub struct Live {
    began: Instant,
    patience: Duration,
    decoding: Arc<Decoding>,
    state: Mutex<State>,
}

impl Live {
    /// Nothing is shown yet. A loop that has not finished a turn for `patience` is taken to hang.
    pub fn new(patience: Duration) -> Self {
        let began = Instant::now();
        let state = State {
            shown: Signal::Off.into(),
            since: began,
            beat: None,
            last: About::Nothing,
            medium: Medium::Absent,
            trouble: None,
            model: None,
        };
        Live { began, patience, decoding: Arc::default(), state: Mutex::new(state) }
    }

    /// From now on this model screens, which gave its known answer, and the loop turns.
    pub fn ready(&self, facts: ModelFacts) {
        let mut state = self.state();
        (state.model, state.beat) = (Some(facts), Some(Instant::now()));
    }

    /// This signal is shown from now on; it is about nothing that came in.
    pub fn show(&self, signal: Signal) {
        self.tell(signal.into());
    }

    /// This is shown from now on. Gives whether it is another signal than before.
    pub fn tell(&self, shown: Shown) -> bool {
        let mut state = self.state();
        let other = state.shown.signal != shown.signal;
        if state.shown != shown {
            (state.shown, state.since) = (shown, Instant::now());
        }
        if shown.about != About::Nothing {
            state.last = shown.about;
        }
        other
    }

    /// Whether there is a stick to pull.
    pub fn medium(&self, medium: Medium) {
        self.state().medium = medium;
    }

    /// The turn to decode an image, which the model and the page take one after the other.
    pub fn decoding(&self) -> &Arc<Decoding> {
        &self.decoding
    }

    /// The loop has finished a turn.
    pub fn beat(&self) {
        self.state().beat = Some(Instant::now());
    }

    /// What keeps the device from working; `None` when it is over.
    pub fn trouble(&self, words: Option<String>) {
        self.state().trouble = words;
    }

    /// What is known now.
    pub fn glance(&self) -> Glance {
        let now = Instant::now();
        let state = self.state();
        Glance {
            shown: state.shown,
            shown_for: now.saturating_duration_since(state.since),
            since_beat: state.beat.map(|beat| now.saturating_duration_since(beat)),
            uptime: now.saturating_duration_since(self.began),
            last: state.last,
            medium: state.medium,
            trouble: state.trouble.clone(),
            model: state.model.clone(),
        }
    }

    /// How the device is, by a glance.
    pub fn condition(&self, glance: &Glance) -> Condition {
        match (&glance.trouble, glance.shown.signal, glance.since_beat) {
            (Some(words), ..) => Condition::Faulty(words.clone()),
            (None, Signal::Fault, _) => Condition::Faulty(String::new()),
            (None, _, None) => Condition::Starting,
            (None, _, Some(silent)) if silent > self.patience => Condition::Silent(silent),
            _ => Condition::Well,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lights whose signals are also told to a [`Live`].
pub struct Mirrored<'a> {
    lights: &'a dyn Show,
    live: Arc<Live>,
}

impl<'a> Mirrored<'a> {
    /// These lights.
    pub fn new(lights: &'a dyn Show, live: Arc<Live>) -> Self {
        Mirrored { lights, live }
    }
}

impl Show for Mirrored<'_> {
    fn show(&self, signal: Signal) {
        self.live.show(signal);
        self.lights.show(signal);
    }

    /// A signal that goes on for another record is not played anew.
    fn tell(&self, shown: Shown) {
        if self.live.tell(shown) {
            self.lights.show(shown.signal);
        }
    }

    fn hold(&self, time: Duration) {
        self.lights.hold(time);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lights::Dark;
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

    fn condition(live: &Live) -> Condition {
        live.condition(&live.glance())
    }

    #[test]
    fn a_device_is_well_only_while_nothing_is_wrong() {
        let live = Live::new(Duration::from_secs(60));
        let live = Arc::new(live);
        Mirrored::new(&Dark, live.clone()).show(Signal::Busy);
        assert_eq!(live.glance().shown, Signal::Busy.into());
        assert_eq!(condition(&live), Condition::Starting);
        live.ready(facts());
        assert_eq!(condition(&live), Condition::Well);
        live.trouble(Some("the disk is full".into()));
        assert_eq!(condition(&live), Condition::Faulty("the disk is full".into()));
        live.trouble(None);
        live.show(Signal::Fault);
        assert_eq!(condition(&live), Condition::Faulty(String::new()));
        live.tell(Shown::refused("camera-late"));
        assert_eq!(live.glance().shown.about, About::Refused("camera-late"));
        live.show(Signal::Ready);
        assert_eq!(live.glance().shown.about, About::Nothing);
        assert_eq!(live.glance().last, About::Refused("camera-late"));
        assert_eq!(condition(&live), Condition::Well);
    }

    #[test]
    fn a_loop_that_hangs_is_noticed() {
        let live = Live::new(Duration::ZERO);
        live.ready(facts());
        std::thread::sleep(Duration::from_millis(2));
        assert!(matches!(condition(&live), Condition::Silent(_)));
    }
}
