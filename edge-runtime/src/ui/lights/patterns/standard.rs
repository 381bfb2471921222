//! What signals look like unless a board's file says otherwise.

use super::pattern::{Pattern, Rhythm};
use crate::status::Signal;

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

impl Pattern {
    /// What a signal looks like on a board whose file does not say otherwise.
    pub const fn standard(signal: Signal) -> Pattern {
        match signal {
            Signal::Off => DARK,
            Signal::Ready => Pattern { yellow: FLASH, ..DARK },
            Signal::MayBePulled => Pattern { yellow: CALM, ..DARK },
            Signal::Busy => Pattern { yellow: FAST, ..DARK },
            Signal::ModelFound => Pattern { yellow: TWINKLE, ..DARK },
            Signal::ModelWaiting => Pattern { red: WINK, yellow: CALM, buzzer: long_beeps(1), ..DARK },
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
