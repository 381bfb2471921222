//! What is shown, and for how long. It has neither clock nor lights: the time is given, and it answers what to show.

use std::time::{Duration, Instant};

use crate::inputs::MediaState;
use crate::status::{DisplayedSignal, Signal};

/// How long results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayTimes {
    /// If no other image comes.
    pub result: Duration,
    /// At least, if another comes.
    pub at_least: Duration,
}

/// What is shown. A result disappears when the next image starts, when its time is over, and on a fault.
#[derive(Debug)]
pub struct Display {
    times: DisplayTimes,
    shown: DisplayedSignal,
    since: Instant,
    /// Whether it shows the state of the device and not an event; it then changes with that state.
    resting: bool,
    /// Whether a model waits for a press of the button.
    awaiting_press: bool,
    /// Whether something does not work that keeps nothing from being screened.
    impaired: bool,
    /// The batch since the program was last idle: how many results, and the most urgent.
    round: (usize, DisplayedSignal),
}

impl Display {
    /// Nothing is shown.
    pub fn new(times: DisplayTimes, now: Instant) -> Self {
        let nothing = DisplayedSignal::from(Signal::Off);
        Display {
            times,
            shown: nothing,
            since: now,
            resting: true,
            awaiting_press: false,
            impaired: false,
            round: (0, nothing),
        }
    }

    /// What is shown.
    pub fn shown(&self) -> DisplayedSignal {
        self.shown
    }

    /// Whether something new is shown that people need time to see.
    pub fn is_news(&self) -> bool {
        self.shown.signal.is_news() && !self.resting
    }

    /// How long the result that is shown must stay before another image may start.
    pub fn must_stay(&self, now: Instant) -> Duration {
        if !self.is_news() {
            return Duration::ZERO;
        }
        self.times.at_least.saturating_sub(now.duration_since(self.since))
    }

    /// How long a result is shown at least.
    pub fn at_least(&self) -> Duration {
        self.times.at_least
    }

    /// Shows this from now on.
    pub fn show(&mut self, shown: impl Into<DisplayedSignal>, now: Instant) {
        (self.shown, self.since, self.resting) = (shown.into(), now, false);
    }

    /// Shows the result of an image.
    pub fn result(&mut self, shown: impl Into<DisplayedSignal>, now: Instant) {
        let shown = shown.into();
        self.known(shown);
        self.show(shown, now);
    }

    /// Whether "no result" is shown and must be seen for longer: it then stays while the next image is read.
    pub fn keeps_no_result(&self, now: Instant) -> bool {
        self.shown.signal == Signal::NoResult && !self.must_stay(now).is_zero()
    }

    /// Whether this signal is "no result" and is shown already: one after another is not told anew.
    pub fn is_kept(&self, signal: Signal) -> bool {
        signal == Signal::NoResult && self.shown.signal == Signal::NoResult && !self.resting
    }

    /// One more image gave what is shown: it is about that image from now on.
    pub fn result_like_the_last(&mut self, shown: impl Into<DisplayedSignal>, now: Instant) {
        (self.shown, self.since) = (shown.into(), now);
        self.known(self.shown);
    }

    /// From now on a model waits for a press of the button, or none does any more; it is shown while nothing else is.
    pub fn await_press(&mut self, waits: bool) {
        self.awaiting_press = waits;
    }

    /// From now on a fault is shown where "ready" would be, or not any more.
    pub fn impair(&mut self, impaired: bool) {
        self.impaired = impaired;
    }

    /// Keeps the result of an image that was screened before; it is shown at the end of the batch. Of two that are as
    /// urgent, the later one.
    pub fn known(&mut self, shown: impl Into<DisplayedSignal>) {
        let shown = shown.into();
        let (count, urgent) = self.round;
        let more = shown.signal >= urgent.signal;
        self.round = (count + 1, if more { shown } else { urgent });
    }

    /// A fault replaces every result.
    pub fn fault(&mut self, now: Instant) {
        self.round = (0, Signal::Off.into());
        self.show(Signal::Fault, now);
    }

    /// A person has seen the result: it disappears at the next idle cycle. A fault stays.
    pub fn clear(&mut self) {
        if self.shown.signal != Signal::Fault {
            self.round = (0, Signal::Off.into());
            self.shown = Signal::Off.into();
        }
    }

    /// No input had anything in this cycle. After several images the most urgent result is shown last: the last of them
    /// may be green while one before it was red.
    pub fn idle(&mut self, medium: MediaState, now: Instant) {
        let (count, urgent) = self.round;
        let last = if count > 0 { DisplayedSignal { several: count > 1, ..urgent } } else { self.shown };
        if count > 0 && (last != self.shown || count > 1) {
            if !self.must_stay(now).is_zero() {
                return;
            }
            self.show(last, now);
        }
        self.round = (0, Signal::Off.into());
        let over = !self.is_news() || now.duration_since(self.since) >= self.times.result;
        let resting = match medium {
            MediaState::InUse => Signal::Busy.into(),
            _ if self.awaiting_press => Signal::ModelWaiting.into(),
            MediaState::MayBePulled => Signal::MayBePulled.into(),
            MediaState::Refused(code) => DisplayedSignal::refused(code),
            MediaState::Absent if self.impaired => Signal::Fault.into(),
            MediaState::Absent => Signal::Ready.into(),
        };
        if over && self.shown != resting {
            self.show(resting, now);
        }
        self.resting |= over;
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
            let times = DisplayTimes { result: Duration::from_secs(60), at_least: Duration::from_secs(2) };
            let start = Instant::now();
            Watched { display: Display::new(times, start), start }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        fn result(&mut self, signal: Signal, seconds: u64) {
            let now = self.at(seconds);
            self.display.show(Busy, now);
            self.display.result(signal, now);
        }

        fn idle(&mut self, medium: MediaState, seconds: u64) -> Signal {
            let now = self.at(seconds);
            self.display.idle(medium, now);
            self.display.shown().signal
        }
    }

    #[test]
    fn a_result_is_shown_until_its_time_is_over() {
        let mut watched = Watched::new();
        assert_eq!(watched.idle(MediaState::Absent, 0), Ready);
        watched.result(NoSign, 10);
        assert_eq!(watched.display.must_stay(watched.at(11)), Duration::from_secs(1));
        assert_eq!(watched.idle(MediaState::Absent, 10), NoSign);
        assert_eq!(watched.idle(MediaState::Absent, 69), NoSign);
        assert_eq!(watched.idle(MediaState::Absent, 70), Ready);
    }

    #[test]
    fn every_result_stays_its_time() {
        for result in [NoSign, NoResult, Uncertain, Suspected] {
            let mut watched = Watched::new();
            watched.result(result, 0);
            assert_eq!(watched.display.must_stay(watched.at(1)), Duration::from_secs(1));
            assert_eq!(watched.idle(MediaState::MayBePulled, 59), result);
            assert_eq!(watched.idle(MediaState::MayBePulled, 60), MayBePulled);
        }
    }

    #[test]
    fn no_result_after_no_result_is_one_signal_and_a_verdict_waits_for_it() {
        let mut watched = Watched::new();
        watched.result(NoResult, 0);
        for second in 1..5 {
            let now = watched.at(second);
            assert!(watched.display.keeps_no_result(now) && watched.display.is_kept(NoResult));
            assert!(!watched.display.is_kept(NoSign));
            watched.display.result_like_the_last(DisplayedSignal::record(NoResult, second), now);
            assert_eq!(watched.display.shown(), DisplayedSignal::record(NoResult, second));
        }
        assert_eq!(watched.display.must_stay(watched.at(5)), Duration::from_secs(1));
        assert!(
            !watched.display.keeps_no_result(watched.at(6)),
            "the next image is one that people wait for"
        );
        assert_eq!(watched.idle(MediaState::MayBePulled, 6), NoResult);
        watched.result(NoSign, 7);
        assert!(!watched.display.keeps_no_result(watched.at(7)));
    }

    #[test]
    fn the_next_image_takes_a_result_away() {
        let mut watched = Watched::new();
        watched.result(NoSign, 0);
        watched.display.show(Busy, watched.at(5));
        assert_eq!(watched.display.shown(), Busy.into());
        assert_eq!(watched.display.must_stay(watched.at(5)), Duration::ZERO);
    }

    #[test]
    fn after_several_the_most_urgent_stands_and_stays_its_whole_time() {
        let mut watched = Watched::new();
        watched.result(Suspected, 0);
        watched.result(NoResult, 3);
        watched.result(NoSign, 6);
        assert_eq!(watched.idle(MediaState::MayBePulled, 7), NoSign, "seen for two seconds first");
        assert_eq!(watched.idle(MediaState::MayBePulled, 8), Suspected);
        assert_eq!(watched.idle(MediaState::MayBePulled, 67), Suspected);
        assert_eq!(watched.idle(MediaState::MayBePulled, 68), MayBePulled);
        assert_eq!(watched.idle(MediaState::Absent, 69), Ready);
    }

    #[test]
    fn what_was_known_is_told_again_once() {
        let mut watched = Watched::new();
        watched.display.show(Busy, watched.at(0));
        watched.display.known(NoSign);
        watched.display.known(NoResult);
        assert_eq!(watched.idle(MediaState::MayBePulled, 1), NoResult);
        assert_eq!(watched.idle(MediaState::MayBePulled, 60), NoResult);
        assert_eq!(watched.idle(MediaState::MayBePulled, 61), MayBePulled);
        // One alone, too.
        watched.display.known(Suspected);
        assert_eq!(watched.idle(MediaState::Absent, 62), Suspected);
    }

    #[test]
    fn a_fault_takes_results_away_and_they_do_not_come_back() {
        let mut watched = Watched::new();
        watched.result(NoSign, 0);
        watched.result(NoSign, 1);
        watched.display.fault(watched.at(2));
        assert_eq!(watched.display.shown(), Fault.into());
        assert_eq!(watched.idle(MediaState::Absent, 3), Ready, "a person who saw the fault end goes on");
    }

    #[test]
    fn a_result_that_was_seen_goes_and_a_fault_stays() {
        let mut watched = Watched::new();
        watched.result(Suspected, 0);
        watched.display.clear();
        assert_eq!(watched.idle(MediaState::Absent, 0), Ready);
        watched.display.fault(watched.at(1));
        watched.display.clear();
        assert_eq!(watched.display.shown(), Fault.into());
    }

    #[test]
    fn what_stands_last_is_that_of_its_own_record() {
        let mut watched = Watched::new();
        for (at, (signal, record)) in
            [(NoSign, 4), (Suspected, 5), (Suspected, 6), (NoResult, 7)].into_iter().enumerate()
        {
            let now = watched.at(at as u64);
            watched.display.result(DisplayedSignal::record(signal, record), now);
        }
        assert_eq!(watched.idle(MediaState::Absent, 10), Suspected);
        assert_eq!(
            watched.display.shown(),
            DisplayedSignal { several: true, ..DisplayedSignal::record(Suspected, 6) }
        );
        watched.display.known(DisplayedSignal::record(NoSign, 4));
        assert_eq!(watched.idle(MediaState::Absent, 20), NoSign);
        assert_eq!(watched.display.shown(), DisplayedSignal::record(NoSign, 4));
    }

    #[test]
    fn a_stick_that_was_not_read_has_no_result_for_as_long_as_it_is_in() {
        let mut watched = Watched::new();
        let now = watched.at(0);
        watched.display.result(DisplayedSignal::refused("writable"), now);
        for seconds in [1, 59, 60, 61, 10_000] {
            assert_eq!(watched.idle(MediaState::Refused("writable"), seconds), NoResult);
            assert_eq!(watched.display.shown(), DisplayedSignal::refused("writable"));
        }
        assert!(!watched.display.is_news(), "it keeps nothing else waiting");
        assert_eq!(watched.idle(MediaState::Absent, 10_001), Ready);
    }

    #[test]
    fn what_is_impaired_is_shown_instead_of_ready_and_takes_no_result_away() {
        let mut watched = Watched::new();
        watched.display.impair(true);
        assert_eq!(watched.idle(MediaState::Absent, 0), Fault);
        assert_eq!(watched.idle(MediaState::InUse, 1), Busy);
        watched.result(NoSign, 2);
        assert_eq!(watched.idle(MediaState::MayBePulled, 61), NoSign);
        assert_eq!(watched.idle(MediaState::MayBePulled, 62), MayBePulled);
        assert_eq!(watched.idle(MediaState::Absent, 63), Fault);
    }

    #[test]
    fn a_model_that_waits_is_shown_when_the_stick_was_read_and_no_result_stands() {
        let mut watched = Watched::new();
        watched.display.await_press(true);
        assert_eq!(watched.idle(MediaState::InUse, 0), Busy);
        watched.result(Suspected, 1);
        assert_eq!(watched.idle(MediaState::MayBePulled, 60), Suspected);
        assert_eq!(watched.idle(MediaState::MayBePulled, 61), Signal::ModelWaiting);
        watched.display.await_press(false);
        assert_eq!(watched.idle(MediaState::Absent, 62), Ready);
    }

    #[test]
    fn a_stick_that_is_being_read_is_never_shown_as_one_that_may_be_pulled() {
        let mut watched = Watched::new();
        assert_eq!(watched.idle(MediaState::InUse, 0), Busy);
        assert_eq!(watched.idle(MediaState::MayBePulled, 1), MayBePulled);
        assert_eq!(watched.idle(MediaState::InUse, 2), Busy);
    }
}
