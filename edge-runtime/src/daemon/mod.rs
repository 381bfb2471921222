//! The one loop: sources → store → model → record → lights.
//!
//! ```text
//! Input::poll ─IncomingImage→ RecordStore::keep ─image file→ Worker::screen ─Outcome→ RecordStore::append ─Record→ lights
//! ```
//!
//! A result is shown after its record has reached the disk, so what people saw is never lost. The process may be
//! killed at any moment: an image that was stored and not recorded is screened at the next start, and one that was
//! not stored is still where it came from.

mod display;
mod first_model;
mod publisher;
mod installed;
mod interrupted;
mod result;
mod models;
mod retention;
mod showing;
mod worker;

pub use display::{Display, DisplayTimes};
pub use first_model::FirstModelWait;
pub use publisher::{StatusPublisher, publish_fault};
pub use installed::InstalledModel;
pub use worker::{ExclusiveModel, Model, WorkerError, Worker};

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};
use xray_core::engine::EngineError;
use xray_core::screening::ScreeningError;

use self::result::ScreeningResult;
use crate::gpio::button::Press;
use crate::status::{Counters, increment};
use crate::models::{self, TrialOutcome};
use crate::status::{DisplayedSignal, Signal};
use crate::ui::lights::SignalOutput;
use crate::records::{Appended, Durations, Entry, Hash256, Timestamp, Origin, RecordStore, RecordStoreError};
use crate::inputs::{IncomingImage, InputEvent, Input, InputError};

/// How long the loop rests when nothing came.
const REST: Duration = Duration::from_millis(100);
/// From one look at quota and age to the next.
const TIDY: Duration = Duration::from_secs(60);

/// Why the device cannot go on. It is shown until the program is started again.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed, and not because the disk is full.
    #[error(transparent)]
    Store(#[from] RecordStoreError),
    /// The model gives wrong answers on this machine.
    #[error("self-test: {0}")]
    SelfTest(EngineError),
    /// The model gave none.
    #[error("{0}; the image before it was recorded without a result")]
    NoAnswer(WorkerError),
    /// The store's own disk cannot be read.
    #[error("an image that was just stored cannot be read: {0}")]
    Unreadable(ScreeningError),
    /// The store of models failed.
    #[error(transparent)]
    Models(#[from] models::ModelStoreError),
    /// Another model is in use from now on. No fault: the program is to be started again, with that one.
    #[error("another model is in use on this board from now on; start again")]
    Replaced,
}

/// Which model screens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelIdentity {
    /// SHA-256 of its file.
    pub hash: Hash256,
    /// Its threshold, 0..1.
    pub threshold: f64,
}

/// Everything that the loop needs.
pub struct DaemonParts<'a> {
    /// Where results are kept.
    pub store: RecordStore,
    /// What screens.
    pub worker: Worker,
    /// Which model that is.
    pub model: ModelIdentity,
    /// Where it is installed; none if it is a file of its own.
    pub installed: Option<InstalledModel>,
    /// Where images come from.
    pub sources: Vec<Box<dyn Input>>,
    /// What people see.
    pub lights: &'a dyn SignalOutput,
    /// How long they see it.
    pub times: DisplayTimes,
    /// What was done.
    pub counters: Arc<Counters>,
    /// Who is told that work is done.
    pub publisher: StatusPublisher,
    /// Presses of the button, where there is one.
    pub button: Option<Receiver<Press>>,
}

/// The loop.
pub struct Daemon<'a> {
    store: RecordStore,
    worker: Worker,
    model: ModelIdentity,
    installed: Option<InstalledModel>,
    /// Whether another model is in use: the program ends when nothing is to be seen any more.
    replaced: bool,
    sources: Vec<Box<dyn Input>>,
    lights: &'a dyn SignalOutput,
    display: Display,
    counters: Arc<Counters>,
    publisher: StatusPublisher,
    button: Option<Receiver<Press>>,
    /// What each source that cannot be looked at said.
    troubles: Vec<Option<InputError>>,
    tidied: Option<Instant>,
}

impl<'a> Daemon<'a> {
    /// Puts the parts together.
    pub fn new(parts: DaemonParts<'a>) -> Self {
        let DaemonParts { store, worker, model, installed, sources, lights, times, counters, publisher, button } =
            parts;
        let display = Display::new(times, Instant::now());
        let troubles = vec![None; sources.len()];
        Daemon {
            store,
            worker,
            model,
            installed,
            replaced: false,
            sources,
            lights,
            display,
            counters,
            publisher,
            button,
            troubles,
            tidied: None,
        }
    }

    /// Screens until something cannot be gone on with.
    pub fn run(&mut self) -> Fault {
        self.write_model_events();
        let mut turned = self.recover();
        loop {
            match turned {
                Ok(()) => turned = self.turn(),
                Err(fault) => return fault,
            }
        }
    }

    /// One turn: each source is asked once, and what came is recorded.
    ///
    /// # Errors
    /// [`Fault`] if the device cannot go on.
    pub fn turn(&mut self) -> Result<(), Fault> {
        let mut came = false;
        self.hear_button();
        for at in 0..self.sources.len() {
            let origin = self.sources[at].origin();
            let polled = self.sources[at].poll(Instant::now());
            let trouble = polled.as_ref().err().cloned();
            self.note_trouble(at, trouble);
            let news = match polled {
                Ok(InputEvent::Nothing) | Err(_) => continue,
                Ok(news) => news,
            };
            came = true;
            // Before the work, which takes its time: beside a result the page says whether the stick may be pulled.
            self.tell_medium();
            match news {
                InputEvent::Nothing => {}
                InputEvent::Searching => self.busy(),
                InputEvent::Image(image) => self.take_in(origin, image)?,
                InputEvent::Model(found) => self.install(&found)?,
                InputEvent::Unreadable(refusal) => self.refuse(origin, &refusal)?,
                InputEvent::Finished { images, passed_over } => {
                    info!(origin = origin.code(), images, passed_over, "read to its end; it may be pulled");
                }
                InputEvent::Pulled { images } => {
                    warn!(
                        origin = origin.code(),
                        images, "pulled before its end; the rest is read when it returns"
                    );
                }
            }
        }
        if !came {
            self.rest()?;
        }
        self.publisher.turn_finished(Instant::now());
        Ok(())
    }

    fn take_in(&mut self, origin: Origin, image: IncomingImage) -> Result<(), Fault> {
        let IncomingImage { bytes, awaited, began } = image;
        let content = Hash256::of(&bytes);
        if let Some(record) = self.store.known(&content)? {
            increment(&self.counters.known);
            if awaited {
                self.busy();
                self.display.known(DisplayedSignal::record(Signal::from(&record.entry.outcome), record.sequence));
            }
            return Ok(());
        }
        let read = began.elapsed();
        // The result before it may have to be seen first: that is no part of how long this image takes.
        self.busy();
        let began = Instant::now();
        self.retry_until_space(|store| store.keep(&content, &bytes))?;
        self.screen(origin, content, bytes.len() as u64, read + began.elapsed())
    }

    fn screen(
        &mut self,
        origin: Origin,
        content: Hash256,
        bytes: u64,
        intake: Duration,
    ) -> Result<(), Fault> {
        let began = Instant::now();
        let result = self.attempt(&content);
        let health = match &result {
            Ok(result) => result.health.clone(),
            Err(Fault::SelfTest(wrong)) => Some(TrialOutcome::Failed(wrong.to_string())),
            Err(_) => None,
        };
        self.count(health.filter(|health| *health != TrialOutcome::Succeeded))?;
        let ScreeningResult { outcome, heat_map, lost, health } = result?;
        let entry = Entry {
            content,
            bytes,
            origin,
            recorded: Timestamp::now(),
            model: self.model.hash,
            threshold: self.model.threshold,
            outcome,
            durations: Durations::of(intake, began.elapsed()),
        };
        let appended = self.retry_until_space(|store| store.append(entry.clone(), heat_map.as_ref()))?;
        let (Appended::New(record) | Appended::Known(record)) = appended;
        self.tell(&record, intake + began.elapsed());
        if lost.is_none() && health == Some(TrialOutcome::Succeeded) {
            self.count(health)?;
        }
        lost.map_or(Ok(()), |fault| Err(Fault::Worker(fault)))
    }

    /// A press goes to the sources, such as a camera; one that none of them takes clears the result.
    fn hear_button(&mut self) {
        let pressed = self.button.as_ref().is_some_and(|button| button.try_iter().count() > 0);
        if pressed && !self.sources.iter_mut().any(|source| source.press()) {
            self.display.clear();
        }
    }

    fn rest(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        if self.tidied.is_none_or(|last| now.duration_since(last) >= TIDY) {
            self.tidied = Some(now);
            match self.free_space() {
                Err(error) if !error.is_full() => return Err(error.into()),
                _ => self.publisher.status(&self.counters.to_string()),
            }
            if let Some(installed) = &self.installed {
                self.replaced |= installed.look()?;
            }
            self.write_model_events();
        }
        if self.replaced && !self.display.is_news() {
            return Err(Fault::Replaced);
        }
        self.idle(now);
        thread::sleep(REST);
        Ok(())
    }

    fn note_trouble(&mut self, at: usize, trouble: Option<InputError>) {
        if self.troubles[at] == trouble {
            return;
        }
        match &trouble {
            Some(error) => error!("{error}"),
            None => info!(origin = self.sources[at].origin().code(), "can be looked at again"),
        }
        self.troubles[at] = trouble;
        self.publisher.trouble(self.troubles.iter().flatten().next().map(ToString::to_string));
    }
}
