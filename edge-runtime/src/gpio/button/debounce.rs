//! One press gives one event, however the contacts bounce. A pure state machine: it has no clock and no line.

use std::time::Duration;

/// Contacts bounce for a few milliseconds, worn ones for twenty; a finger stays for more than a hundred.
pub const SETTLE: Duration = Duration::from_millis(30);

/// The button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press;

/// Accepts a level that has been stable for a while.
///
/// ```
/// use std::time::Duration;
/// use edge_runtime::gpio::button::{Debouncer, Press};
///
/// let ms = Duration::from_millis;
/// let mut button = Debouncer::new(ms(30));
/// assert_eq!(button.level(true, ms(0)), None);
/// assert_eq!(button.level(false, ms(4)), None); // a bounce
/// assert_eq!(button.level(true, ms(5)), None);
/// assert_eq!(button.due(), Some(ms(35)));
/// assert_eq!(button.tick(ms(35)), Some(Press));
/// assert_eq!(button.tick(ms(90)), None); // still held
/// ```
#[derive(Debug, Clone)]
pub struct Debouncer {
    settle: Duration,
    /// The level that is believed: whether it is pressed.
    believed: bool,
    /// The other level, since when, until it has stood long enough.
    other: Option<Duration>,
}

impl Debouncer {
    /// A button that is not pressed. A level is believed after it has stood for `settle`.
    pub fn new(settle: Duration) -> Self {
        Debouncer { settle, believed: false, other: None }
    }

    /// The line has this level from `at` on. Times never go back. The same level again changes nothing.
    pub fn level(&mut self, pressed: bool, at: Duration) -> Option<Press> {
        let settled = self.tick(at);
        match (pressed != self.believed, self.other) {
            (true, None) => self.other = Some(at),
            (true, Some(_)) => {}
            (false, _) => self.other = None,
        }
        settled
    }

    /// Nothing changed until `at`.
    pub fn tick(&mut self, at: Duration) -> Option<Press> {
        if self.due().is_none_or(|due| at < due) {
            return None;
        }
        self.other = None;
        self.believed = !self.believed;
        self.believed.then_some(Press)
    }

    /// When [`Debouncer::tick`] should be called next; `None`: not before the line changes.
    pub fn due(&self) -> Option<Duration> {
        self.other.map(|since| since + self.settle)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn us(microseconds: u64) -> Duration {
        Duration::from_micros(microseconds)
    }

    /// How the contacts behave at one change: gaps between bounces, all shorter than [`SETTLE`], then how long the
    /// new level stands.
    #[derive(Debug, Clone)]
    struct Change {
        bounces: Vec<u64>,
        stands: u64,
    }

    fn change() -> impl Strategy<Value = Change> {
        let settle = SETTLE.as_micros() as u64;
        (prop::collection::vec(0..settle, 0..24), settle..2_000_000)
            .prop_map(|(bounces, stands)| Change { bounces, stands })
    }

    /// Plays changes as the line would, asking in between whenever the machine says so; gives the presses.
    fn presses(changes: &[Change], mut pressed: bool, ticks: bool) -> usize {
        let mut button = Debouncer::new(SETTLE);
        let (mut now, mut count) = (0, 0);
        let mut to = |button: &mut Debouncer, level: bool, at: u64| {
            // Whether it is asked in time or only with the next change must not matter.
            while let Some(due) = button.due().filter(|due| ticks && *due <= us(at)) {
                count += usize::from(button.tick(due).is_some());
            }
            count += usize::from(button.level(level, us(at)).is_some());
        };
        for change in changes {
            pressed = !pressed;
            // The last edge of a train brings the new level, so an odd number of edges.
            let edges = change.bounces.len() / 2 * 2;
            to(&mut button, pressed, now);
            for (at, gap) in change.bounces[..edges].iter().enumerate() {
                now += gap;
                to(&mut button, pressed ^ (at % 2 == 0), now);
            }
            now += change.stands;
        }
        to(&mut button, pressed, now);
        count
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_press_is_one_event_however_the_contacts_bounce(
            train in prop::collection::vec((change(), change()), 1..6),
            ticks: bool,
        ) {
            let changes: Vec<_> = train.iter().flat_map(|(down, up)| [down.clone(), up.clone()]).collect();
            prop_assert_eq!(presses(&changes, false, ticks), train.len());
        }
    }

    proptest! {
        #[test]
        fn what_is_shorter_than_the_time_is_no_press(
            glitches in prop::collection::vec((0..30_000u64, 0..1_000_000u64), 0..50),
        ) {
            let mut button = Debouncer::new(SETTLE);
            let mut now = 0;
            for (width, gap) in glitches {
                now += gap;
                prop_assert_eq!(button.level(true, us(now)), None);
                now += width;
                prop_assert_eq!(button.level(false, us(now)), None);
            }
            prop_assert_eq!(button.tick(us(now + 10_000_000)), None);
        }
    }

    #[test]
    fn a_button_that_is_held_at_the_start_is_one_press_and_a_long_one_no_more() {
        let mut button = Debouncer::new(SETTLE);
        assert_eq!(button.level(true, us(0)), None);
        assert_eq!(button.tick(us(29_999)), None);
        assert_eq!(button.tick(us(30_000)), Some(Press));
        for second in 1..60 {
            assert_eq!(button.level(true, us(second * 1_000_000)), None);
        }
    }
}
