//! Each signal's pattern, as data.
//!
//! The green line belongs to [`Signal::NoSign`] alone: whatever else is shown, and whatever is dark because
//! it is broken, cannot be taken for it. Patterns differ in rhythm as well as in colour, and without the
//! buzzer, for those who cannot tell red from green and for boards that have none.

use std::fmt;
use std::time::Duration;

use super::board::Part;
use super::signal::Signal;

/// How one part behaves from the moment that a signal is shown. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Always off.
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

impl Rhythm {
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

/// What every part does while a signal is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// The red LED.
    pub red: Rhythm,
    /// The yellow LED.
    pub yellow: Rhythm,
    /// The green LED.
    pub green: Rhythm,
    /// The buzzer.
    pub buzzer: Rhythm,
}

const DARK: Pattern =
    Pattern { red: Rhythm::Off, yellow: Rhythm::Off, green: Rhythm::Off, buzzer: Rhythm::Off };
const FAST: Rhythm = Rhythm::Blink { on: 125, off: 125 };
const SLOW: Rhythm = Rhythm::Blink { on: 700, off: 300 };
const CALM: Rhythm = Rhythm::Blink { on: 1000, off: 1000 };
const FLASH: Rhythm = Rhythm::Blink { on: 100, off: 2900 };
const TWINKLE: Rhythm = Rhythm::Blink { on: 100, off: 500 };
const GAPS: Rhythm = Rhythm::Blink { on: 1800, off: 200 };
const WINK: Rhythm = Rhythm::Blink { on: 100, off: 1900 };

/// Short beeps; long ones are for what needs the device, not the patient.
const fn beeps(count: u32) -> Rhythm {
    Rhythm::Times { count, on: 100 }
}

const fn long_beeps(count: u32) -> Rhythm {
    Rhythm::Times { count, on: 500 }
}

impl Signal {
    /// The pattern of this signal.
    pub const fn pattern(self) -> Pattern {
        match self {
            Signal::Off => DARK,
            Signal::Ready => Pattern { yellow: FLASH, ..DARK },
            Signal::MayBePulled => Pattern { yellow: CALM, ..DARK },
            Signal::Busy => Pattern { yellow: FAST, ..DARK },
            Signal::ModelFound => Pattern { yellow: TWINKLE, ..DARK },
            Signal::ModelInstalled => Pattern { yellow: GAPS, buzzer: long_beeps(1), ..DARK },
            Signal::ModelRefused => Pattern { red: WINK, yellow: Rhythm::On, buzzer: long_beeps(3), ..DARK },
            Signal::NoSign => Pattern { green: Rhythm::On, buzzer: beeps(1), ..DARK },
            Signal::NoResult => Pattern { yellow: Rhythm::On, buzzer: long_beeps(2), ..DARK },
            Signal::Uncertain => Pattern { red: Rhythm::On, yellow: Rhythm::On, buzzer: beeps(2), ..DARK },
            Signal::Suspected => Pattern { red: SLOW, buzzer: beeps(3), ..DARK },
            Signal::Fault => Pattern { red: FAST, yellow: FAST, buzzer: long_beeps(4), ..DARK },
        }
    }
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

    pub(super) fn set(&mut self, part: Part, on: bool) {
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
    use super::*;

    const LEDS: [Part; 3] = [Part::Red, Part::Yellow, Part::Green];

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn no_result_and_fault_never_light_what_no_sign_lights() {
        let lit: Vec<_> =
            LEDS.into_iter().filter(|part| Signal::NoSign.pattern().rhythm(*part) != Rhythm::Off).collect();
        assert_eq!(lit, [Part::Green]);
        for signal in Signal::ALL.into_iter().filter(|signal| *signal != Signal::NoSign) {
            for part in &lit {
                assert_eq!(signal.pattern().rhythm(*part), Rhythm::Off, "{signal} lights {part}");
                // Not only by the table: at no millisecond of the first ten seconds.
                assert!((0..10_000).all(|t| !signal.pattern().at(ms(t)).0.of(*part)), "{signal} {part}");
            }
        }
    }

    #[test]
    fn no_two_signals_share_a_pattern_even_without_the_buzzer() {
        for (at, one) in Signal::ALL.into_iter().enumerate() {
            for other in Signal::ALL.into_iter().skip(at + 1) {
                let same =
                    LEDS.into_iter().all(|part| one.pattern().rhythm(part) == other.pattern().rhythm(part));
                assert!(!same, "{one} and {other} look the same");
            }
        }
    }

    #[test]
    fn every_signal_but_off_lights_something_at_once() {
        for signal in Signal::ALL {
            let (levels, _) = signal.pattern().at(Duration::ZERO);
            assert_eq!(LEDS.into_iter().any(|part| levels.of(part)), signal != Signal::Off, "{signal}");
        }
    }

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
        let beeps = beeps(3);
        let on: Vec<_> = (0..1000).step_by(100).map(|t| beeps.at(ms(t)).0).collect();
        assert_eq!(on, [true, false, true, false, true, false, false, false, false, false]);
        assert_eq!(beeps.at(ms(400)), (true, Some(ms(100))));
        assert_eq!(beeps.at(ms(600)), (false, None));
    }

    #[test]
    fn a_pattern_waits_for_the_next_change_of_any_part() {
        let suspected = Signal::Suspected.pattern();
        assert_eq!(suspected.at(ms(0)).1, Some(ms(100)));
        assert_eq!(suspected.at(ms(650)).1, Some(ms(50)));
        assert_eq!(Signal::NoSign.pattern().at(ms(250)).1, None);
        assert_eq!(Signal::Off.pattern().at(ms(0)), (Levels::default(), None));
    }

    #[test]
    fn patterns_are_told_in_words() {
        assert_eq!(Signal::Off.pattern().to_string(), "all dark");
        assert_eq!(Signal::NoSign.pattern().to_string(), "green on, buzzer 1 × 0.1 s");
        assert_eq!(
            Signal::Suspected.pattern().to_string(),
            "red blinks (0.7 s on, 0.3 s off), buzzer 3 × 0.1 s"
        );
    }
}
