//! What the loop shows, on the lights and on the page: the display says what, and both are told.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::{Fault, Daemon};
use crate::status::increment;
use crate::status::{DisplayedSignal, Signal};
use crate::records::{Timestamp, Origin, Record};
use crate::inputs::{MediaState, InputRefusal};

impl Daemon<'_> {
    /// Shows an image's result, or what became of a model.
    pub(super) fn result(&mut self, shown: impl Into<DisplayedSignal>) {
        let shown = shown.into();
        self.display.result(shown, Instant::now());
        self.lights.tell(shown);
    }

    /// Shows what is no result.
    pub(super) fn show(&mut self, signal: Signal) {
        self.display.show(signal, Instant::now());
        self.lights.show(signal);
    }

    /// Shows that an image is being read, once the result before it was seen.
    pub(super) fn busy(&mut self) {
        self.work_on(Signal::Busy);
    }

    pub(super) fn work_on(&mut self, signal: Signal) {
        self.hold_result();
        if self.display.shown() != signal.into() {
            self.show(signal);
        }
    }

    /// Gives people the time to see what must be seen.
    pub(super) fn hold_result(&self) {
        let stay = self.display.must_stay(Instant::now());
        if !stay.is_zero() {
            self.lights.hold(stay);
        }
    }

    /// Shows what a record says.
    pub(super) fn tell(&mut self, record: &Record, took: Duration) {
        let (entry, signal) = (&record.entry, Signal::from(&record.entry.outcome));
        self.counters.recorded(signal, took);
        info!(
            record = record.sequence,
            content = %entry.content,
            origin = entry.origin.code(),
            outcome = entry.outcome.code(),
            probability = entry.outcome.probability(),
            reasons = entry.outcome.reasons().join(" "),
            ms = took.as_millis(),
            "recorded"
        );
        self.result(DisplayedSignal::record(signal, record.sequence));
    }

    /// Writes down and shows that something could not be read, which then has no record.
    pub(super) fn refuse(&mut self, origin: Origin, refusal: &InputRefusal) -> Result<(), Fault> {
        increment(&self.counters.unreadable);
        warn!(origin = origin.code(), code = refusal.code, "{}", refusal.reason);
        self.busy();
        self.retry_until_space(|store| store.append_refusal(origin, refusal.code, &refusal.reason, Timestamp::now()))?;
        self.result(DisplayedSignal::refused(refusal.code));
        Ok(())
    }

    pub(super) fn fault(&mut self) {
        increment(&self.counters.faults);
        self.display.fault(Instant::now());
        self.lights.show(Signal::Fault);
    }

    /// What is to be seen while nothing comes.
    pub(super) fn idle(&mut self, now: Instant) {
        let medium = self.tell_medium();
        let before = self.display.shown();
        if self.troubles.iter().any(Option::is_some) {
            if before.signal != Signal::Fault && self.display.must_stay(now).is_zero() {
                self.fault();
            }
            return;
        }
        self.display.idle(medium, now);
        if self.display.shown() != before {
            self.lights.tell(self.display.shown());
        }
    }

    /// Tells, and gives, whether there is something to pull.
    pub(super) fn tell_medium(&self) -> MediaState {
        let medium = self.sources.iter().map(|source| source.media_state()).max().unwrap_or(MediaState::Absent);
        self.publisher.media_state(medium);
        medium
    }
}
