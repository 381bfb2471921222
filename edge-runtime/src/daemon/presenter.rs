//! What people and machines are shown: lights, web page, service manager, log and counters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::display::{Display, DisplayTimes};
use crate::inputs::{InputRefusal, MediaState};
use crate::records::{AgeDeletion, Origin, Record};
use crate::status::{Counters, DisplayedSignal, Signal, StatusPublisher, increment};
use crate::ui::lights::SignalOutput;

/// For so long lights are kept without saying that the loop is alive.
const HOLD_PART: Duration = Duration::from_secs(4);
/// From one fault that is shown between images to the next, at least.
const FAULT_INTERVAL: Duration = Duration::from_secs(5);

pub(super) struct Presenter<'a> {
    lights: &'a dyn SignalOutput,
    display: Display,
    publisher: StatusPublisher,
    counters: Arc<Counters>,
    /// When a fault was shown last.
    faulted: Option<Instant>,
    /// What does not work all the time.
    impaired: Option<String>,
}

impl<'a> Presenter<'a> {
    pub(super) fn new(
        lights: &'a dyn SignalOutput,
        times: DisplayTimes,
        publisher: StatusPublisher,
        counters: Arc<Counters>,
        impaired: Option<String>,
    ) -> Self {
        let mut display = Display::new(times, Instant::now());
        display.impair(impaired.is_some());
        Presenter { lights, display, publisher, counters, faulted: None, impaired }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Shows the result of an image, or what became of a model.
    pub(super) fn result(&mut self, result: impl Into<DisplayedSignal>) {
        let result = result.into();
        if self.display.is_kept(result.signal) {
            self.display.result_like_the_last(result, Instant::now());
        } else {
            self.hold_result();
            self.display.result(result, Instant::now());
        }
        self.lights.display(result);
    }

    /// Keeps the result of an image that was screened before for the end of the batch.
    pub(super) fn known(&mut self, result: DisplayedSignal) {
        self.display.known(result);
    }

    /// Shows a signal that is no result.
    pub(super) fn show(&mut self, signal: Signal) {
        self.display.show(signal, Instant::now());
        self.lights.show(signal);
    }

    /// Shows that an image is being read, once the previous result was seen.
    ///
    /// "No result" stays instead while people must still see it: of a backlog of files that are no images each would else
    /// cost that time. If the next image has a result, that waits for it.
    pub(super) fn busy(&mut self) {
        if self.display.keeps_no_result(Instant::now()) {
            self.lights.works_meanwhile();
        } else {
            self.working(Signal::Busy);
        }
    }

    /// Shows that there is work, once the previous result was seen.
    pub(super) fn working(&mut self, signal: Signal) {
        self.hold_result();
        if self.display.shown() != signal.into() {
            self.show(signal);
        }
    }

    /// Keeps a result for as long as people need to see it.
    pub(super) fn hold_result(&mut self) {
        self.hold(self.display.must_stay(Instant::now()));
    }

    /// Keeps what is shown for this long, and says meanwhile that the loop is alive.
    fn hold(&mut self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let part = left.min(HOLD_PART);
            self.lights.hold(part);
            self.cycle_finished();
            left -= part;
        }
    }

    /// A person has seen the result.
    pub(super) fn clear(&mut self) {
        self.display.clear();
    }

    /// Whether a result is shown that people must have the time to see.
    pub(super) fn shows_news(&self) -> bool {
        self.display.is_news()
    }

    /// Shows from now on, while nothing else is shown, whether a model waits for a press of the button.
    pub(super) fn await_press(&mut self, waits: bool) {
        self.display.await_press(waits);
    }

    /// Whether it is shown that a model waits for a press of the button.
    pub(super) fn shows_waiting(&self) -> bool {
        self.display.shown() == Signal::ModelWaiting.into()
    }

    /// Logs, counts and shows a record.
    pub(super) fn recorded(&mut self, record: &Record, took: Duration) {
        let (entry, signal) = (&record.entry, Signal::from(&record.entry.outcome));
        self.counters.recorded(signal, took);
        info!(
            record = record.sequence,
            content = %entry.image_id,
            origin = entry.origin.code(),
            outcome = entry.outcome.code(),
            probability = entry.outcome.probability(),
            reasons = entry.outcome.reasons().join(" "),
            ms = took.as_millis(),
            "recorded"
        );
        self.result(DisplayedSignal::record(signal, record.sequence));
    }

    /// Logs and counts that something could not be read, and shows that it is being looked at.
    pub(super) fn refused(&mut self, origin: Origin, refusal: &InputRefusal) {
        increment(&self.counters.unreadable);
        warn!(origin = origin.code(), code = refusal.code, "{}", refusal.reason);
        self.busy();
    }

    pub(super) fn fault(&mut self) {
        self.note_fault();
        self.lights.show(Signal::Fault);
    }

    fn note_fault(&mut self) {
        let now = Instant::now();
        self.faulted = Some(now);
        increment(&self.counters.faults);
        self.display.fault(now);
    }

    /// An input cannot be read while another one gives images: the fault is shown between them, at intervals.
    pub(super) fn show_fault_between_images(&mut self) {
        if self.faulted.is_none_or(|at| at.elapsed() >= FAULT_INTERVAL) {
            self.hold_result();
            self.fault();
            self.hold(self.display.at_least());
        }
    }

    /// What is shown while nothing comes; a fault while an input cannot be read.
    pub(super) fn idle(&mut self, media: MediaState, input_failed: bool, now: Instant) {
        self.media_state(media);
        let before = self.display.shown();
        if input_failed {
            if before.signal != Signal::Fault && self.display.must_stay(now).is_zero() {
                self.fault();
            }
            return;
        }
        self.display.idle(media, now);
        if self.display.shown() != before {
            self.lights.display(self.display.shown());
        }
    }

    /// Publishes that images are deleted because of their age, or will be.
    pub(super) fn publish_age_deletion(&mut self, deletion: Option<AgeDeletion>) {
        self.publisher.age_deletion(deletion);
    }

    /// Publishes whether there is a stick to pull.
    pub(super) fn media_state(&self, media: MediaState) {
        self.publisher.media_state(media);
    }

    /// Publishes what keeps the device from working; `None` when it is over. What does not work all the time is then said.
    pub(super) fn publish_error(&mut self, reason: Option<String>) {
        self.publisher.error(reason.or_else(|| self.impaired.clone()));
    }

    pub(super) fn publish_counters(&self) {
        self.publisher.status(&self.counters.to_string());
    }

    /// Publishes that the loop is alive. Lights that have not heard of it for too long show a fault by themselves.
    pub(super) fn cycle_finished(&mut self) {
        self.publisher.cycle_finished(Instant::now());
        if !self.lights.alive() {
            self.note_fault();
        }
    }
}
