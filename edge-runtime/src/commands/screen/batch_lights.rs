//! The lights while a batch of images is screened.

use std::cell::Cell;
use std::time::Duration;

use xray_core::screening::ScreenedPath;

use crate::status::Signal;
use crate::ui::lights::SignalOutput;

/// What the lights show while many images are screened.
pub(super) struct BatchLights<'a> {
    lights: &'a dyn SignalOutput,
    pause: Duration,
    shown: Cell<Signal>,
    urgent: Cell<Signal>,
}

impl<'a> BatchLights<'a> {
    pub(super) fn new(lights: &'a dyn SignalOutput, pause: Duration) -> Self {
        BatchLights { lights, pause, shown: Cell::new(Signal::Busy), urgent: Cell::new(Signal::Off) }
    }

    pub(super) fn show(&self, signal: Signal) {
        self.shown.set(signal);
        self.urgent.set(self.urgent.get().max(signal));
        self.lights.show(signal);
    }

    /// Leaves the last verdict for a while, then shows that the next image is being read.
    pub(super) fn busy_while_reading(
        &self,
        mut items: impl ExactSizeIterator<Item = ScreenedPath>,
    ) -> impl Iterator<Item = ScreenedPath> {
        std::iter::from_fn(move || {
            if items.len() > 0 && self.shown.get() != Signal::Busy {
                self.lights.hold(self.pause);
                self.lights.show(Signal::Busy);
                self.shown.set(Signal::Busy);
            }
            items.next()
        })
    }

    pub(super) fn end(&self, whole: bool) {
        let last = if whole { self.urgent.get() } else { Signal::Fault };
        if last != self.shown.get() {
            if whole {
                self.lights.hold(self.pause);
            }
            self.lights.show(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::PAUSE;
    use super::*;
    use xray_core::screening::NoResult;
    use xray_intake::ListingError;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Seen {
        Shown(Signal),
        Held,
    }

    #[derive(Default)]
    struct Watched(RefCell<Vec<Seen>>);

    impl SignalOutput for Watched {
        fn show(&self, signal: Signal) {
            self.0.borrow_mut().push(Seen::Shown(signal));
        }

        fn hold(&self, time: Duration) {
            assert_eq!(time, PAUSE);
            self.0.borrow_mut().push(Seen::Held);
        }
    }

    /// What is seen while images come to these ends, and nothing or a fault ends the screening.
    fn seen(verdicts: &[Signal], whole: bool) -> Vec<Seen> {
        let watched = Watched::default();
        let round = BatchLights::new(&watched, PAUSE);
        let item = |path: &str| ScreenedPath {
            file: path.into(),
            outcome: Err(NoResult::Listing(ListingError::NotFound { path: path.into() })),
            picture: None,
        };
        let items: Vec<_> = verdicts.iter().map(|_| item("x")).collect();
        for (_, verdict) in round.busy_while_reading(items.into_iter()).zip(verdicts) {
            round.show(*verdict);
        }
        round.end(whole);
        watched.0.take()
    }

    #[test]
    fn one_image_is_shown_and_not_held() {
        assert_eq!(seen(&[Signal::NoSign], true), [Seen::Shown(Signal::NoSign)]);
    }

    #[test]
    fn each_image_is_held_while_others_follow_and_the_most_urgent_stands_at_the_end() {
        use Seen::{Held, Shown};
        let all = seen(&[Signal::NoSign, Signal::Suspected, Signal::NoResult], true);
        let expected = [
            Shown(Signal::NoSign),
            Held,
            Shown(Signal::Busy),
            Shown(Signal::Suspected),
            Held,
            Shown(Signal::Busy),
            Shown(Signal::NoResult),
            Held,
            Shown(Signal::Suspected),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_screening_that_broke_off_is_a_fault_at_once() {
        assert_eq!(seen(&[], false), [Seen::Shown(Signal::Fault)]);
        let after_one = seen(&[Signal::NoSign], false);
        assert_eq!(after_one, [Seen::Shown(Signal::NoSign), Seen::Shown(Signal::Fault)]);
    }
}
