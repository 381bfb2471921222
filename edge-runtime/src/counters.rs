//! What a run has done so far, for the service manager and for whoever asks.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::outputs::lights::Signal;

/// Counts since the start. Read from any thread; written by the pipeline.
#[derive(Debug, Default)]
pub struct Counters {
    /// Records with the finding "pneumonia suspected".
    pub suspected: AtomicU64,
    /// Records with the finding "uncertain".
    pub uncertain: AtomicU64,
    /// Records with the finding "no sign".
    pub no_sign: AtomicU64,
    /// Records without a result.
    pub no_result: AtomicU64,
    /// Images whose content was recorded before.
    pub known: AtomicU64,
    /// Files that could not be read, so that they have no record.
    pub unreadable: AtomicU64,
    /// Times that a fault was shown.
    pub faults: AtomicU64,
    /// Images that were given up for room.
    pub dropped: AtomicU64,
    /// How long the last image took from its source to its record, in microseconds.
    pub last_us: AtomicU64,
    /// Sum of these times, in microseconds.
    pub total_us: AtomicU64,
}

impl Counters {
    /// Counts a record by what it was shown as.
    pub fn recorded(&self, signal: Signal, took: Duration) {
        let counter = match signal {
            Signal::Suspected => &self.suspected,
            Signal::Uncertain => &self.uncertain,
            Signal::NoSign => &self.no_sign,
            _ => &self.no_result,
        };
        one_more(counter);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.last_us.store(us, Ordering::Relaxed);
        self.total_us.fetch_add(us, Ordering::Relaxed);
    }
}

/// Adds one.
pub fn one_more(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write!(
            f,
            "{} suspected, {} uncertain, {} no sign, {} no result; {} known, {} unreadable",
            of(&self.suspected),
            of(&self.uncertain),
            of(&self.no_sign),
            of(&self.no_result),
            of(&self.known),
            of(&self.unreadable),
        )
    }
}
