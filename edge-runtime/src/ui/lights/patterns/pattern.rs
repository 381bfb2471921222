//! What the parts of a board do while a signal is shown, as data.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::gpio::Part;

/// How one part behaves from the time at which a signal is shown. Times are in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "RhythmToml")]
pub enum Rhythm {
    /// Always off.
    #[default]
    Off,
    /// Always on.
    On,
    /// On and off without end, beginning with on.
    Blink {
        /// Time on.
        on: u32,
        /// Time off.
        off: u32,
    },
    /// On so many times, as long off as on between them, then off.
    Times {
        /// How many times.
        count: u32,
        /// Time on.
        on: u32,
    },
}

/// A rhythm as a board file writes it.
#[derive(Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a rhythm is \"on\", \"off\", { on = 700, off = 300 } in milliseconds, or { times = 3, on = 100 }"
)]
enum RhythmToml {
    Always(OnOff),
    Blink { on: u32, off: u32 },
    Times { times: u32, on: u32 },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnOff {
    On,
    Off,
}

impl From<RhythmToml> for Rhythm {
    fn from(written: RhythmToml) -> Self {
        match written {
            RhythmToml::Always(OnOff::On) => Rhythm::On,
            RhythmToml::Always(OnOff::Off) => Rhythm::Off,
            RhythmToml::Blink { on, off } => Rhythm::Blink { on, off },
            RhythmToml::Times { times, on } => Rhythm::Times { count: times, on },
        }
    }
}

impl Rhythm {
    /// Whether people could take one for the other: blinks of which neither time differs by half.
    pub(super) fn looks_like(self, other: Rhythm) -> bool {
        let near = |one: u32, other: u32| 2 * one.max(other) < 3 * one.min(other);
        match (self, other) {
            (Rhythm::Blink { on, off }, Rhythm::Blink { on: other_on, off: other_off }) => {
                near(on, other_on) && near(off, other_off)
            }
            _ => self == other,
        }
    }

    /// Whether the part is on after `elapsed`, and how long until that changes; `None`: never again.
    fn at(self, elapsed: Duration) -> (bool, Option<Duration>) {
        let (on, off, count) = match self {
            Rhythm::Off => return (false, None),
            Rhythm::On => return (true, None),
            Rhythm::Blink { on, off } => (on, off, None),
            Rhythm::Times { count, on } => (on, on, Some(count)),
        };
        let (on, period) = (u128::from(on) * 1000, u128::from(on + off) * 1000);
        let now = elapsed.as_micros();
        let (cycle, within) = (now / period, now % period);
        if count.is_some_and(|count| cycle >= u128::from(count)) {
            return (false, None);
        }
        let left = if within < on { on - within } else { period - within };
        let wait = Duration::from_micros(u64::try_from(left).unwrap_or(u64::MAX));
        (within < on, Some(wait))
    }
}

/// What every part does while a signal is shown; one that a board file does not name stays off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pattern {
    /// The red LED.
    pub red: Rhythm,
    /// The yellow LED.
    pub yellow: Rhythm,
    /// The green LED.
    pub green: Rhythm,
    pub buzzer: Rhythm,
}

/// Which parts are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    on: [bool; Part::ALL.len()],
}

impl Levels {
    /// Whether the part is on.
    pub fn of(self, part: Part) -> bool {
        self.on[part as usize]
    }

    pub(in crate::ui::lights) fn set(&mut self, part: Part, on: bool) {
        self.on[part as usize] = on;
    }
}

impl Pattern {
    /// What a part does.
    pub fn rhythm(&self, part: Part) -> Rhythm {
        match part {
            Part::Red => self.red,
            Part::Yellow => self.yellow,
            Part::Green => self.green,
            Part::Buzzer => self.buzzer,
        }
    }

    /// Which parts are on after `elapsed`, and how long until that changes; `None`: never again.
    pub fn at(&self, elapsed: Duration) -> (Levels, Option<Duration>) {
        let (mut levels, mut wait) = (Levels::default(), None);
        for part in Part::ALL {
            let (on, next) = self.rhythm(part).at(elapsed);
            levels.set(part, on);
            wait = [wait, next].into_iter().flatten().min();
        }
        (levels, wait)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |ms: u32| f64::from(ms) / 1000.0;
        let mut separator = "";
        for part in Part::ALL {
            match self.rhythm(part) {
                Rhythm::Off => continue,
                Rhythm::On => write!(f, "{separator}{part} on")?,
                Rhythm::Blink { on, off } => {
                    write!(f, "{separator}{part} blinks ({} s on, {} s off)", seconds(on), seconds(off))?;
                }
                Rhythm::Times { count, on } => {
                    write!(f, "{separator}{part} {count} × {} s", seconds(on))?;
                }
            }
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("all dark") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::ms;
    use super::*;
    use crate::status::Signal;

    #[test]
    fn a_blink_goes_on_without_end() {
        let blink = Rhythm::Blink { on: 700, off: 300 };
        assert_eq!(blink.at(ms(0)), (true, Some(ms(700))));
        assert_eq!(blink.at(ms(699)), (true, Some(ms(1))));
        assert_eq!(blink.at(ms(700)), (false, Some(ms(300))));
        assert_eq!(blink.at(ms(86_400_999)), (false, Some(ms(1))));
        assert_eq!(blink.at(ms(86_401_000)), (true, Some(ms(700))));
        // A wait never rounds down to nothing, which would keep the processor busy.
        assert_eq!(blink.at(Duration::from_nanos(699_999_999)), (true, Some(Duration::from_micros(1))));
    }

    #[test]
    fn beeps_end() {
        let beeps = Rhythm::Times { count: 3, on: 100 };
        let on: Vec<_> = (0..1000).step_by(100).map(|t| beeps.at(ms(t)).0).collect();
        assert_eq!(on, [true, false, true, false, true, false, false, false, false, false]);
        assert_eq!(beeps.at(ms(400)), (true, Some(ms(100))));
        assert_eq!(beeps.at(ms(600)), (false, None));
    }

    #[test]
    fn a_pattern_waits_for_the_next_change_of_any_part() {
        let suspected = Pattern::standard(Signal::Suspected);
        assert_eq!(suspected.at(ms(0)).1, Some(ms(100)));
        assert_eq!(suspected.at(ms(650)).1, Some(ms(50)));
        assert_eq!(Pattern::standard(Signal::NoSign).at(ms(250)).1, None);
        assert_eq!(Pattern::standard(Signal::Off).at(ms(0)), (Levels::default(), None));
    }

    #[test]
    fn patterns_are_told_in_words() {
        assert_eq!(Pattern::standard(Signal::Off).to_string(), "all dark");
        assert_eq!(Pattern::standard(Signal::NoSign).to_string(), "green on, buzzer 1 × 0.1 s");
        assert_eq!(
            Pattern::standard(Signal::Suspected).to_string(),
            "red blinks (0.7 s on, 0.3 s off), buzzer 3 × 0.1 s"
        );
    }
}
