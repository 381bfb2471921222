//! What the lights show, and for how long. It has no clock and no lights: the time is given, and it says what to
//! show.

use std::time::{Duration, Instant};

use crate::outputs::lights::Signal;
use crate::outputs::live::About;
use crate::sources::Medium;

/// How long results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// If no other image comes.
    pub result: Duration,
    /// At least, if another comes.
    pub at_least: Duration,
}

/// What is on show. A result goes when the next image starts, when its time is over, and on a fault.
#[derive(Debug)]
pub struct Display {
    times: Times,
    shown: Signal,
    since: Instant,
    about: Option<About>,
    round: Round,
}

/// Since the program last had nothing to do: how many results, the most urgent, and the newest record of it.
#[derive(Debug, Clone, Copy)]
struct Round {
    count: usize,
    urgent: Signal,
    record: Option<u64>,
}

const NO_ROUND: Round = Round { count: 0, urgent: Signal::Off, record: None };

impl Display {
    /// Nothing is shown.
    pub fn new(times: Times, now: Instant) -> Self {
        Display { times, shown: Signal::Off, since: now, about: None, round: NO_ROUND }
    }

    /// What is on show.
    pub fn shown(&self) -> Signal {
        self.shown
    }

    /// What the result on show is about, if it is one and has a record.
    pub fn about(&self) -> Option<About> {
        self.about
    }

    /// How long the result on show must stay before another image may start.
    pub fn must_stay(&self, now: Instant) -> Duration {
        if !self.shown.is_news() {
            return Duration::ZERO;
        }
        self.times.at_least.saturating_sub(now.duration_since(self.since))
    }

    /// Shows a signal from now on.
    pub fn show(&mut self, signal: Signal, now: Instant) {
        (self.shown, self.since, self.about) = (signal, now, None);
    }

    /// Shows what an image came to, and which record says so, if one does.
    pub fn result(&mut self, signal: Signal, record: Option<u64>, now: Instant) {
        self.known(signal, record);
        self.show(signal, now);
        self.about = record.map(|record| About { record, several: false });
    }

    /// What a known image came to when it was screened: told at the end of the round.
    pub fn known(&mut self, signal: Signal, record: Option<u64>) {
        self.round.count += 1;
        if signal >= self.round.urgent {
            (self.round.urgent, self.round.record) = (signal, record);
        }
    }

    /// A fault takes every result away.
    pub fn fault(&mut self, now: Instant) {
        self.round = NO_ROUND;
        self.show(Signal::Fault, now);
    }

    /// Somebody has seen the result: it goes at the next idle turn. A fault stays.
    pub fn clear(&mut self) {
        if self.shown != Signal::Fault {
            self.round = NO_ROUND;
            (self.shown, self.about) = (Signal::Off, None);
        }
    }

    /// Nothing came in this turn. After several images the most urgent result stands last: the last of them may be
    /// green while one before it was red.
    pub fn idle(&mut self, medium: Medium, now: Instant) {
        let Round { count, urgent, record } = self.round;
        let last = if count > 0 { urgent } else { self.shown };
        if count > 0 && (last != self.shown || count > 1) {
            if !self.must_stay(now).is_zero() {
                return;
            }
            self.show(last, now);
            self.about = record.map(|record| About { record, several: count > 1 });
        }
        self.round = NO_ROUND;
        let over = !self.shown.is_news() || now.duration_since(self.since) >= self.times.result;
        let resting = match medium {
            Medium::InUse => Signal::Busy,
            Medium::MayBePulled => Signal::MayBePulled,
            Medium::Absent => Signal::Ready,
        };
        if over && self.shown != resting {
            self.show(resting, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Signal::{Busy, Fault, MayBePulled, NoResult, NoSign, Ready, Suspected, Uncertain};

    struct Watched {
        display: Display,
        start: Instant,
    }

    impl Watched {
        fn new() -> Self {
            let times = Times { result: Duration::from_secs(60), at_least: Duration::from_secs(2) };
            let start = Instant::now();
            Watched { display: Display::new(times, start), start }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        fn result(&mut self, signal: Signal, seconds: u64) {
            let now = self.at(seconds);
            self.display.show(Busy, now);
            self.display.result(signal, Some(seconds), now);
        }

        fn idle(&mut self, medium: Medium, seconds: u64) -> Signal {
            let now = self.at(seconds);
            self.display.idle(medium, now);
            self.display.shown()
        }
    }

    #[test]
    fn a_result_is_shown_until_its_time_is_over() {
        let mut watched = Watched::new();
        assert_eq!(watched.idle(Medium::Absent, 0), Ready);
        watched.result(NoSign, 10);
        assert_eq!(watched.display.must_stay(watched.at(11)), Duration::from_secs(1));
        assert_eq!(watched.idle(Medium::Absent, 10), NoSign);
        assert_eq!(watched.idle(Medium::Absent, 69), NoSign);
        assert_eq!(watched.idle(Medium::Absent, 70), Ready);
    }

    #[test]
    fn every_result_stays_its_time() {
        for result in [NoSign, NoResult, Uncertain, Suspected] {
            let mut watched = Watched::new();
            watched.result(result, 0);
            assert_eq!(watched.display.must_stay(watched.at(1)), Duration::from_secs(1));
            assert_eq!(watched.idle(Medium::MayBePulled, 59), result);
            assert_eq!(watched.idle(Medium::MayBePulled, 60), MayBePulled);
        }
    }

    #[test]
    fn the_next_image_takes_a_result_away() {
        let mut watched = Watched::new();
        watched.result(NoSign, 0);
        watched.display.show(Busy, watched.at(5));
        assert_eq!(watched.display.shown(), Busy);
        assert_eq!(watched.display.must_stay(watched.at(5)), Duration::ZERO);
    }

    #[test]
    fn after_several_the_most_urgent_stands_and_stays_its_whole_time() {
        let mut watched = Watched::new();
        watched.result(Suspected, 0);
        watched.result(NoResult, 3);
        watched.result(NoSign, 6);
        assert_eq!(watched.idle(Medium::MayBePulled, 7), NoSign, "seen for two seconds first");
        assert_eq!(watched.display.about(), Some(About { record: 6, several: false }));
        assert_eq!(watched.idle(Medium::MayBePulled, 8), Suspected);
        assert_eq!(watched.display.about(), Some(About { record: 0, several: true }));
        assert_eq!(watched.idle(Medium::MayBePulled, 67), Suspected);
        assert_eq!(watched.idle(Medium::MayBePulled, 68), MayBePulled);
        assert_eq!(watched.display.about(), None);
        assert_eq!(watched.idle(Medium::Absent, 69), Ready);
    }

    #[test]
    fn what_was_known_is_told_again_once() {
        let mut watched = Watched::new();
        watched.display.show(Busy, watched.at(0));
        watched.display.known(NoSign, Some(8));
        watched.display.known(NoResult, Some(7));
        assert_eq!(watched.idle(Medium::MayBePulled, 1), NoResult);
        assert_eq!(watched.idle(Medium::MayBePulled, 60), NoResult);
        assert_eq!(watched.idle(Medium::MayBePulled, 61), MayBePulled);
        // One alone, too.
        watched.display.known(Suspected, Some(5));
        assert_eq!(watched.idle(Medium::Absent, 62), Suspected);
        assert_eq!(watched.display.about(), Some(About { record: 5, several: false }));
    }

    #[test]
    fn a_fault_takes_results_away_and_they_do_not_come_back() {
        let mut watched = Watched::new();
        watched.result(NoSign, 0);
        watched.result(NoSign, 1);
        watched.display.fault(watched.at(2));
        assert_eq!(watched.display.shown(), Fault);
        assert_eq!(watched.idle(Medium::Absent, 3), Ready, "whoever saw the fault end says so by going on");
    }

    #[test]
    fn a_result_that_was_seen_goes_and_a_fault_stays() {
        let mut watched = Watched::new();
        watched.result(Suspected, 0);
        watched.display.clear();
        assert_eq!(watched.idle(Medium::Absent, 0), Ready);
        watched.display.fault(watched.at(1));
        watched.display.clear();
        assert_eq!(watched.display.shown(), Fault);
    }

    #[test]
    fn a_stick_that_is_being_read_is_never_shown_as_one_that_may_be_pulled() {
        let mut watched = Watched::new();
        assert_eq!(watched.idle(Medium::InUse, 0), Busy);
        assert_eq!(watched.idle(Medium::MayBePulled, 1), MayBePulled);
        assert_eq!(watched.idle(Medium::InUse, 2), Busy);
    }
}
