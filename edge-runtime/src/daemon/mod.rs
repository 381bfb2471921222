//! The daemon's loop: inputs → image store → model → record → lights.
//!
//! ```text
//! Input::poll ─IncomingImage→ RecordStore::store_image ─file→ Decoder ─Radiograph→ Worker::screen ─Outcome→
//! RecordStore::append ─Record→ lights
//! ```
//!
//! A result is shown after its record has reached the disk, so a result that people saw is never lost. The process may
//! be killed at any time: an image that was stored and not recorded is screened at the next start, and one that was
//! not stored is still where it came from.

mod disk_full;
mod display;
mod fault;
mod first_model;
mod input_set;
mod installed_model;
mod model_trial;
mod presenter;
mod recovery;
mod screening_result;
mod stick_model;
mod worker;

pub use display::{Display, DisplayTimes};
pub use fault::Fault;
pub use first_model::FirstModelWait;
pub use installed_model::{CheckedModel, InstalledModel};
pub use recovery::start_is_excused;
pub use worker::{Model, Worker, WorkerError};

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use self::disk_full::StoreRetry;
use self::input_set::InputSet;
use self::model_trial::ModelTrial;
use self::presenter::Presenter;
use self::screening_result::ScreeningResult;
use crate::decoding::ImageDecoder;
use crate::gpio::button::Press;
use crate::inputs::{IncomingImage, Input, InputEvent, InputRefusal};
use crate::models::TrialOutcome;
use crate::records::{Appended, Durations, Entry, Hash256, Origin, RecordStore, Timestamp};
use crate::status::{Counters, DisplayedSignal, Signal, StatusPublisher, increment};
use crate::ui::lights::SignalOutput;

/// How long the loop sleeps when no input had anything.
const IDLE_SLEEP: Duration = Duration::from_millis(100);
/// From one check of quota, age and models to the next.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(60);

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
    pub store: RecordStore,
    pub worker: Worker,
    pub decoder: Arc<ImageDecoder>,
    pub model: ModelIdentity,
    /// Where the model is installed; none if it runs from a file.
    pub installed: Option<InstalledModel>,
    pub inputs: Vec<Box<dyn Input>>,
    pub lights: &'a dyn SignalOutput,
    /// How long results are shown.
    pub times: DisplayTimes,
    pub counters: Arc<Counters>,
    pub publisher: StatusPublisher,
    /// Presses of the button, where there is one.
    pub button: Option<Receiver<Press>>,
    /// What does not work and keeps nothing from being screened, such as the page; it is shown while nothing else is.
    pub impaired: Option<String>,
}

/// The loop.
pub struct Daemon<'a> {
    store: StoreRetry,
    worker: Worker,
    decoder: Arc<ImageDecoder>,
    model: ModelIdentity,
    trial: ModelTrial,
    inputs: InputSet,
    presenter: Presenter<'a>,
    button: Option<Receiver<Press>>,
    /// When maintenance ran last.
    maintained: Option<Instant>,
}

/// An image in the store that has no record yet.
struct StoredImage {
    origin: Origin,
    image_id: Hash256,
    bytes: u64,
    /// From the first byte read to the image lying in the store.
    intake: Duration,
}

impl<'a> Daemon<'a> {
    pub fn new(parts: DaemonParts<'a>) -> Self {
        Daemon {
            store: StoreRetry::new(parts.store),
            worker: parts.worker,
            decoder: parts.decoder,
            model: parts.model,
            trial: ModelTrial::new(parts.installed, parts.button.is_some()),
            inputs: InputSet::new(parts.inputs),
            presenter: Presenter::new(
                parts.lights,
                parts.times,
                parts.publisher,
                parts.counters,
                parts.impaired,
            ),
            button: parts.button,
            maintained: None,
        }
    }

    /// Screens until the device cannot go on.
    pub fn run(&mut self) -> Fault {
        self.trial.record_events(self.store.inner());
        let mut done = self.recover();
        loop {
            match done {
                Ok(()) => done = self.cycle(),
                Err(fault) => return fault,
            }
        }
    }

    /// Screens what an interrupted run stored and did not record.
    ///
    /// # Errors
    /// [`Fault`] if the device cannot go on.
    pub fn recover(&mut self) -> Result<(), Fault> {
        let (pending, damaged) =
            self.store.retry_until_space(&mut self.presenter, |store| store.unrecorded())?;
        for path in damaged {
            self.store.refuse(&mut self.presenter, Origin::Recovered, &recovery::damaged(&path))?;
        }
        for image_id in pending {
            let bytes = std::fs::metadata(self.store.image(&image_id)).map_or(0, |meta| meta.len());
            self.presenter.busy();
            let origin = Origin::Recovered;
            self.screen(StoredImage { origin, image_id, bytes, intake: Duration::ZERO })?;
            self.presenter.cycle_finished();
        }
        Ok(())
    }

    /// One cycle: each input is polled once, and what it gives is recorded.
    ///
    /// # Errors
    /// [`Fault`] if the device cannot go on.
    pub fn cycle(&mut self) -> Result<(), Fault> {
        let mut worked = false;
        self.handle_button()?;
        for at in 0..self.inputs.len() {
            let origin = self.inputs.origin(at);
            let event = self.inputs.poll(at, &mut self.presenter);
            if event == InputEvent::Nothing {
                continue;
            }
            worked = true;
            // Before the work, which takes a while: beside a result the page says whether the stick may be pulled.
            self.presenter.media_state(self.inputs.media_state());
            match event {
                InputEvent::Nothing => {}
                InputEvent::Searching => self.presenter.busy(),
                InputEvent::Image(image) => {
                    if self.take_in(origin, image)? {
                        self.inputs.refused(at);
                    }
                }
                InputEvent::Model(found) => {
                    self.trial.found(&found, self.store.inner(), &mut self.presenter)?;
                }
                InputEvent::Unreadable(refusal) => {
                    self.store.refuse(&mut self.presenter, origin, &refusal)?;
                }
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
        if !worked {
            self.idle()?;
        } else if self.inputs.has_errors() {
            self.presenter.show_fault_between_images();
        }
        self.presenter.cycle_finished();
        Ok(())
    }

    /// Stores, screens and records an image, unless it is recorded already; gives whether intake refused it.
    fn take_in(&mut self, origin: Origin, image: IncomingImage) -> Result<bool, Fault> {
        let IncomingImage { bytes, awaited, began } = image;
        let image_id = Hash256::of(&bytes);
        let known = self.store.retry_until_space(&mut self.presenter, |store| store.known(&image_id))?;
        if let Some(record) = known {
            increment(&self.presenter.counters().known);
            if awaited {
                self.presenter.busy();
                let signal = Signal::from(&record.entry.outcome);
                self.presenter.known(DisplayedSignal::record(signal, record.sequence));
            }
            return Ok(false);
        }
        let read = began.elapsed();
        // The previous result may have to be seen first: that is no part of how long this image takes.
        self.presenter.busy();
        let began = Instant::now();
        self.store.retry_until_space(&mut self.presenter, |store| store.store_image(&image_id, &bytes))?;
        let intake = read + began.elapsed();
        self.screen(StoredImage { origin, image_id, bytes: bytes.len() as u64, intake })
    }

    /// Screens and records an image; gives whether intake refused it.
    fn screen(&mut self, image: StoredImage) -> Result<bool, Fault> {
        let began = Instant::now();
        let StoredImage { origin, image_id, bytes, intake } = image;
        let screened =
            recovery::screen(&mut self.store, &mut self.presenter, &self.decoder, &self.worker, &image_id);
        let failed = match &screened {
            Ok(result) => result.trial.clone().filter(|outcome| *outcome != TrialOutcome::Succeeded),
            Err(Fault::SelfTest(wrong)) => Some(TrialOutcome::Failed(wrong.to_string())),
            Err(_) => None,
        };
        self.trial.count(failed)?;
        let ScreeningResult { outcome, heat_map, lost, trial, again, refused } = screened?;
        if let (true, Some(lost)) = (again, lost) {
            let reason = format!("{lost}; the image is kept and screened once more at the next start");
            self.store.refuse(&mut self.presenter, origin, &InputRefusal { code: lost.code(), reason })?;
            return Err(Fault::Worker(lost));
        }
        let entry = Entry {
            image_id,
            bytes,
            origin,
            recorded: Timestamp::now(),
            model: self.model.hash,
            threshold: self.model.threshold,
            outcome,
            durations: Durations::of(intake, began.elapsed()),
        };
        let appended = self
            .store
            .retry_until_space(&mut self.presenter, |store| store.append(entry.clone(), heat_map.as_ref()))?;
        let (Appended::New(record) | Appended::Known(record)) = appended;
        if refused {
            let now = Timestamp::now();
            self.store
                .retry_until_space(&mut self.presenter, |store| store.refused_by_intake(&record, now))?;
        }
        self.presenter.recorded(&record, intake + began.elapsed());
        if lost.is_none() && trial == Some(TrialOutcome::Succeeded) {
            self.trial.count(trial)?;
        }
        lost.map_or(Ok(refused), |error| Err(Fault::Worker(error)))
    }

    /// Whether the button was pressed since this was asked last.
    fn was_pressed(&self) -> bool {
        self.button.as_ref().is_some_and(|button| button.try_iter().count() > 0)
    }

    /// A press while it is shown that a model waits installs it. Any other goes to the inputs, such as a camera; one that none
    /// of them takes clears the result.
    fn handle_button(&mut self) -> Result<(), Fault> {
        if !self.was_pressed() {
            return Ok(());
        }
        if self.presenter.shows_waiting() {
            return self.trial.confirm(self.store.inner(), &mut self.presenter);
        }
        if !self.inputs.press() {
            self.presenter.clear();
        }
        Ok(())
    }

    /// No input had anything: maintenance, then a short sleep.
    fn idle(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        if self.maintained.is_none_or(|last| now.duration_since(last) >= MAINTENANCE_INTERVAL) {
            self.maintained = Some(now);
            match self.store.free_space(&mut self.presenter) {
                Err(error) if !error.may_pass() => return Err(error.into()),
                _ => self.presenter.publish_counters(),
            }
            self.trial.check()?;
            self.trial.record_events(self.store.inner());
        }
        if self.trial.is_replaced() && !self.presenter.shows_news() {
            return Err(Fault::Replaced);
        }
        let media = self.inputs.media_state();
        self.trial.forget_pulled(media);
        self.presenter.await_press(self.trial.is_waiting());
        let waited = self.presenter.shows_waiting();
        self.presenter.idle(media, self.inputs.has_errors(), now);
        if self.presenter.shows_waiting() && !waited {
            // A press from before people could see what it would do does not count.
            self.was_pressed();
        }
        thread::sleep(IDLE_SLEEP);
        Ok(())
    }
}
