//! The pattern of each signal, and the rules that every pattern keeps, also one from a board file.
//!
//! The green line belongs to [`Signal::NoSign`] alone: whatever else is shown, and whatever is dark because
//! it is broken, cannot be taken for it. The LEDs alone distinguish the signals, since a buzzer may be missing or not
//! heard; an LED never stays off for long, since people look when they can.

mod pattern;
mod standard;

pub use pattern::{Levels, Pattern, Rhythm};

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::gpio::Part;
use crate::status::Signal;

const LEDS: [Part; 3] = [Part::Red, Part::Yellow, Part::Green];

/// Milliseconds that an LED may be on or off: a shorter blink is not seen, and nobody has to look for longer than three
/// seconds to know a blink from one that stays on or is broken.
const BLINK_MS: RangeInclusive<u32> = 100..=3000;
/// Milliseconds of a beep.
const BEEP_MS: RangeInclusive<u32> = 50..=3000;
/// More beeps are not counted by anybody.
const BEEPS: RangeInclusive<u32> = 1..=10;

/// Why a board file's pattern cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The dark state is given a pattern.
    #[error("[patterns.off]: where nothing is shown all is dark; take it out")]
    Off,
    /// A time that people do not see or hear, or for which they would have to wait.
    #[error("[patterns.{}]: {part} has a time of {ms} ms; give {least} to {most}", .signal.key())]
    Time {
        signal: Signal,
        part: Part,
        ms: u32,
        /// The shortest that is taken.
        least: u32,
        /// The longest.
        most: u32,
    },
    /// Too many beeps, or none.
    #[error("[patterns.{}]: {count} beeps; give {} to {}", .signal.key(), BEEPS.start(), BEEPS.end())]
    Beeps { signal: Signal, count: u32 },
    /// An LED would go out for good.
    #[error(
        "[patterns.{}]: {part} would go out for good, and nobody may have looked by then; `times` is for the buzzer: \
         write \"on\" or {{ on = 700, off = 300 }}",
        .signal.key()
    )]
    Ends {
        signal: Signal,
        /// The LED.
        part: Part,
    },
    /// The buzzer would not stop.
    #[error(
        "[patterns.{}]: the buzzer would not stop, and one that does not is unplugged; write {{ times = 3, on = 100 }}",
        .signal.key()
    )]
    Endless { signal: Signal },
    /// No LED lights.
    #[error("[patterns.{}]: no LED lights, as if the device had no power; let one of them light", .signal.key())]
    Dark { signal: Signal },
    /// Something that is not "no sign" lights green.
    #[error(
        "[patterns.{}]: green means no sign of pneumonia and nothing else; use red and yellow",
        .signal.key()
    )]
    Green { signal: Signal },
    /// "No sign" lights something that is not green.
    #[error("[patterns.no_sign]: it lights {part}; it must light green alone")]
    NotGreenAlone {
        /// The other LED.
        part: Part,
    },
    /// Two signals that people could take for each other.
    #[error(
        "[patterns.{}]: the LEDs look as for {}; use other LEDs, or let a time differ by half",
        .signal.key(), .other.key()
    )]
    Alike {
        /// The signal that the file names.
        signal: Signal,
        /// The one that it resembles.
        other: Signal,
    },
}

/// What each signal looks like on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns([Pattern; Signal::ALL.len()]);

impl Default for Patterns {
    /// The standard ones.
    fn default() -> Self {
        Patterns(Signal::ALL.map(Pattern::standard))
    }
}

impl Patterns {
    /// The standard ones, but for the signals of `own`.
    ///
    /// # Errors
    /// The first of the rules that does not hold with them.
    pub fn with(own: &BTreeMap<Signal, Pattern>) -> Result<Patterns, PatternError> {
        let mut patterns = Patterns::default();
        for (signal, pattern) in own {
            patterns.0[*signal as usize] = *pattern;
        }
        own.keys().try_for_each(|signal| patterns.check(*signal))?;
        Ok(patterns)
    }

    /// What a signal looks like.
    pub fn of(&self, signal: Signal) -> Pattern {
        self.0[signal as usize]
    }

    fn check(&self, signal: Signal) -> Result<(), PatternError> {
        let pattern = self.of(signal);
        if signal == Signal::Off {
            return Err(PatternError::Off);
        }
        for part in Part::ALL {
            check_part(signal, part, pattern.rhythm(part))?;
        }
        let lit = |part: &Part| pattern.rhythm(*part) != Rhythm::Off;
        if !LEDS.iter().any(lit) {
            return Err(PatternError::Dark { signal });
        }
        if signal == Signal::NoSign {
            if let Some(part) = [Part::Red, Part::Yellow].into_iter().find(lit) {
                return Err(PatternError::NotGreenAlone { part });
            }
        } else if lit(&Part::Green) {
            return Err(PatternError::Green { signal });
        }
        let alike = |other: &Signal| {
            LEDS.into_iter().all(|part| pattern.rhythm(part).looks_like(self.of(*other).rhythm(part)))
        };
        match Signal::ALL.into_iter().filter(|other| *other != signal).find(alike) {
            Some(other) => Err(PatternError::Alike { signal, other }),
            None => Ok(()),
        }
    }
}

fn check_part(signal: Signal, part: Part, rhythm: Rhythm) -> Result<(), PatternError> {
    let buzzer = part == Part::Buzzer;
    match rhythm {
        Rhythm::Off => Ok(()),
        Rhythm::On | Rhythm::Blink { .. } if buzzer => Err(PatternError::Endless { signal }),
        Rhythm::On => Ok(()),
        Rhythm::Blink { on, off } => {
            check_time(signal, part, on, BLINK_MS)?;
            check_time(signal, part, off, BLINK_MS)
        }
        Rhythm::Times { .. } if !buzzer => Err(PatternError::Ends { signal, part }),
        Rhythm::Times { count, .. } if !BEEPS.contains(&count) => Err(PatternError::Beeps { signal, count }),
        Rhythm::Times { on, .. } => check_time(signal, part, on, BEEP_MS),
    }
}

fn check_time(signal: Signal, part: Part, ms: u32, allowed: RangeInclusive<u32>) -> Result<(), PatternError> {
    if allowed.contains(&ms) {
        return Ok(());
    }
    Err(PatternError::Time { signal, part, ms, least: *allowed.start(), most: *allowed.end() })
}

#[cfg(test)]
mod tests;
