//! Counters of a run, for the service manager and /metrics.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Signal;

/// Counts since the start. Read from any thread; written by the daemon.
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
    /// Images that were recorded before.
    pub known: AtomicU64,
    /// Files that could not be read, so that they have no record.
    pub unreadable: AtomicU64,
    /// Times that a fault was shown.
    pub faults: AtomicU64,
    /// Images that were deleted to free space.
    pub dropped: AtomicU64,
    /// How long images took from their source to their record.
    pub screening: Histogram,
}

/// Upper bounds of the buckets of a [`Histogram`], in microseconds: from what a workstation needs for an image to the
/// usual deadline.
const BOUNDS_US: [u64; 11] = [
    50_000, 100_000, 200_000, 350_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000,
    60_000_000,
];

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Histogram {
    /// Durations up to the bound of this index and above the one before; the last has no bound.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    total_us: AtomicU64,
}

/// A [`Histogram`] at one time, cumulated as Prometheus wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramSnapshot {
    /// Bounds in seconds, rising, and how many times were at most so long.
    pub below: Vec<(f64, u64)>,
    /// How many there were.
    pub count: u64,
    /// Their sum in seconds.
    pub seconds: f64,
}

impl Histogram {
    /// One more.
    pub fn observe(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        increment(&self.buckets[at]);
        self.total_us.fetch_add(us, Ordering::Relaxed);
    }

    /// As it is now. The count is that of the buckets, so the two always agree.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let mut count = 0;
        let mut up_to = |bucket: &AtomicU64| {
            count += bucket.load(Ordering::Relaxed);
            count
        };
        let below = BOUNDS_US
            .iter()
            .zip(&self.buckets)
            .map(|(us, bucket)| (*us as f64 / 1e6, up_to(bucket)))
            .collect();
        up_to(&self.buckets[BOUNDS_US.len()]);
        HistogramSnapshot { below, count, seconds: self.total_us.load(Ordering::Relaxed) as f64 / 1e6 }
    }
}

impl Counters {
    /// Counts a record by its signal.
    pub fn recorded(&self, signal: Signal, took: Duration) {
        let counter = match signal {
            Signal::Suspected => &self.suspected,
            Signal::Uncertain => &self.uncertain,
            Signal::NoSign => &self.no_sign,
            _ => &self.no_result,
        };
        increment(counter);
        self.screening.observe(took);
    }
}

/// Adds to a counter.
pub fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

/// Adds one.
pub fn increment(counter: &AtomicU64) {
    add(counter, 1);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_up_to_their_bounds() {
        let histogram = Histogram::default();
        for ms in [50, 51, 350, 61_000] {
            histogram.observe(Duration::from_millis(ms));
        }
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.below[..4], [(0.05, 1), (0.1, 2), (0.2, 2), (0.35, 3)]);
        assert_eq!(snapshot.below[10], (60.0, 3));
        assert_eq!((snapshot.count, snapshot.seconds), (4, 61.451));
    }
}
