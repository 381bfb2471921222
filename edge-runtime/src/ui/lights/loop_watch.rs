//! Whether the loop that orders the signals still lives. What it ordered last must not stay on the lights when it hangs: a
//! green light says that somebody has no sign of pneumonia, and the device no longer reads what comes next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::status::{Signal, SilenceLimits};

/// Shared by the loop's side of the lights and the thread that plays them. It watches from the first [`LoopWatch::alive`] on.
#[derive(Debug, Clone, Default)]
pub(super) struct LoopWatch(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    limits: Option<SilenceLimits>,
    /// When the loop said last that it lives; none before it said so for the first time.
    heard: Option<Instant>,
    /// Whether it was found silent since.
    silent: bool,
    /// Whether it works, whatever is shown.
    works: bool,
}

impl LoopWatch {
    pub(super) fn set_limits(&self, limits: SilenceLimits) {
        self.state().limits = Some(limits);
    }

    /// The loop lives. Gives whether it was not found silent before.
    pub(super) fn alive(&self, now: Instant) -> bool {
        let mut state = self.state();
        (state.heard, state.works) = (Some(now), false);
        !std::mem::take(&mut state.silent)
    }

    /// The loop works until it says again that it lives, and what is shown stays.
    pub(super) fn works_meanwhile(&self, now: Instant) {
        let mut state = self.state();
        if state.heard.is_some() {
            (state.heard, state.works) = (Some(now), true);
        }
    }

    /// It ordered a signal, so it lives; what was shown meanwhile is over by that.
    pub(super) fn ordered(&self, now: Instant) {
        let mut state = self.state();
        (state.silent, state.works) = (false, false);
        if state.heard.is_some() {
            state.heard = Some(now);
        }
    }

    /// How long the loop may still be silent while `signal` is shown; none if it is not watched or was found silent already.
    pub(super) fn left(&self, signal: Signal, now: Instant) -> Option<Duration> {
        let state = self.state();
        let (limits, heard) = (state.limits?, state.heard.filter(|_| !state.silent)?);
        let limit = limits.of(if state.works { Signal::Busy } else { signal });
        Some(limit.saturating_sub(now.saturating_duration_since(heard)))
    }

    /// Whether it is found silent just now.
    pub(super) fn is_silent(&self, signal: Signal, now: Instant) -> bool {
        let silent = self.left(signal, now).is_some_and(|left| left.is_zero());
        if silent {
            self.state().silent = true;
        }
        silent
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_found_once_and_over_when_the_loop_lives() {
        let (watch, start) = (LoopWatch::default(), Instant::now());
        let at = |second: u64| start + Duration::from_secs(second);
        watch.set_limits(SilenceLimits::of_longest_cycle(Duration::from_secs(180)));
        assert_eq!(watch.left(Signal::Busy, at(0)), None, "the loop has not begun");
        watch.ordered(at(0));
        assert_eq!(watch.left(Signal::Busy, at(0)), None, "the loop has not begun");
        assert!(watch.alive(at(10)));
        assert_eq!(watch.left(Signal::NoSign, at(12)), Some(Duration::from_secs(6)));
        assert_eq!(watch.left(Signal::Busy, at(12)), Some(Duration::from_secs(178)));
        assert!(!watch.is_silent(Signal::NoSign, at(17)));
        assert!(watch.is_silent(Signal::NoSign, at(18)));
        assert!(!watch.is_silent(Signal::NoSign, at(19)), "it was found before");
        assert!(!watch.alive(at(30)), "it was silent");
        assert!(watch.alive(at(31)));
        assert!(watch.is_silent(Signal::Ready, at(50)));
        watch.ordered(at(51));
        assert!(watch.alive(at(52)), "what it ordered is shown");
        watch.works_meanwhile(at(53));
        assert_eq!(watch.left(Signal::NoResult, at(54)), Some(Duration::from_secs(179)));
        assert!(watch.alive(at(60)));
        assert_eq!(watch.left(Signal::NoResult, at(60)), Some(Duration::from_secs(8)));
    }
}
