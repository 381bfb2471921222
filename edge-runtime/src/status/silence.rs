//! How long the loop may be silent while a signal is shown.

use std::time::Duration;

use super::Signal;

/// How long the loop may be silent before it counts as one that hangs. Work has deadlines of its own, so that the loop may be
/// silent for long while the lights say that it works; while they show anything else it says so ten times a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilenceLimits {
    /// While nothing is being worked on.
    pub resting: Duration,
    /// While an image is screened or a model is tested.
    pub working: Duration,
}

/// Together with the time that a read may take, the fault is on the lights within ten seconds.
const RESTING: Duration = Duration::from_secs(8);

impl SilenceLimits {
    /// For a loop whose longest cycle takes so long.
    pub fn of_longest_cycle(longest: Duration) -> Self {
        SilenceLimits { resting: RESTING.min(longest), working: longest }
    }

    /// While this signal is shown.
    pub fn of(self, signal: Signal) -> Duration {
        self.while_working(is_work(signal))
    }

    /// While the loop works or not.
    pub fn while_working(self, works: bool) -> Duration {
        if works { self.working } else { self.resting }
    }
}

/// Whether a signal says that the loop works.
pub(super) fn is_work(signal: Signal) -> bool {
    matches!(signal, Signal::Busy | Signal::ModelFound)
}

impl From<Duration> for SilenceLimits {
    /// The same for all signals.
    fn from(limit: Duration) -> Self {
        SilenceLimits { resting: limit, working: limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_work_may_be_silent_for_long() {
        let limits = SilenceLimits::of_longest_cycle(Duration::from_secs(180));
        for signal in Signal::ALL {
            let works = matches!(signal, Signal::Busy | Signal::ModelFound);
            let expected = if works { 180 } else { 8 };
            assert_eq!(limits.of(signal), Duration::from_secs(expected), "{signal}");
        }
        let short = SilenceLimits::of_longest_cycle(Duration::from_secs(2));
        assert_eq!(short.of(Signal::NoSign), Duration::from_secs(2));
    }
}
