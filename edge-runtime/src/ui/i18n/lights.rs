//! What the lights do for a signal, as text: a sentence for a standard pattern, and part by part for a pattern of a
//! board file.

use serde::Deserialize;

use super::Translation;
use crate::gpio::Part;
use crate::status::Signal;
use crate::ui::lights::{Pattern, Patterns, Rhythm};

/// What the lights do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the signal of its name")]
pub struct LightTexts {
    pub fault: String,
    pub suspected: String,
    pub uncertain: String,
    pub no_result: String,
    pub no_sign: String,
    pub busy: String,
    pub model_found: String,
    pub model_waiting: String,
    pub model_installed: String,
    pub model_refused: String,
    pub may_be_pulled: String,
    pub ready: String,
    /// The parts of a board.
    pub part: PartTexts,
    /// What one of them does.
    pub rhythm: RhythmTexts,
}

/// The parts of a board.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the part of its name")]
pub struct PartTexts {
    pub red: String,
    pub yellow: String,
    pub green: String,
    pub buzzer: String,
}

/// What a part does. `{part}`, `{on}` and `{off}` (seconds) and `{times}` are replaced by the values of the board file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "a field is the rhythm of its name")]
pub struct RhythmTexts {
    pub on: String,
    pub blink: String,
    pub times: String,
}

impl Translation {
    /// What the lights of a board with these patterns do to say it; nothing where they are dark.
    pub fn light(&self, signal: Signal, patterns: &Patterns) -> String {
        let pattern = patterns.of(signal);
        if pattern != Pattern::standard(signal) {
            return self.light.describe(pattern);
        }
        let sentence = match signal {
            Signal::Off => "",
            Signal::Ready => &self.light.ready,
            Signal::MayBePulled => &self.light.may_be_pulled,
            Signal::Busy => &self.light.busy,
            Signal::ModelFound => &self.light.model_found,
            Signal::ModelWaiting => &self.light.model_waiting,
            Signal::ModelInstalled => &self.light.model_installed,
            Signal::ModelRefused => &self.light.model_refused,
            Signal::NoSign => &self.light.no_sign,
            Signal::NoResult => &self.light.no_result,
            Signal::Uncertain => &self.light.uncertain,
            Signal::Suspected => &self.light.suspected,
            Signal::Fault => &self.light.fault,
        };
        sentence.to_owned()
    }
}

impl LightTexts {
    fn describe(&self, pattern: Pattern) -> String {
        let parts: Vec<_> =
            Part::ALL.into_iter().filter_map(|part| self.part(part, pattern.rhythm(part))).collect();
        parts.join("; ")
    }

    fn part(&self, part: Part, rhythm: Rhythm) -> Option<String> {
        let seconds = |ms: u32| (f64::from(ms) / 1000.0).to_string();
        let does = match rhythm {
            Rhythm::Off => return None,
            Rhythm::On => self.rhythm.on.clone(),
            Rhythm::Blink { on, off } => {
                self.rhythm.blink.replace("{on}", &seconds(on)).replace("{off}", &seconds(off))
            }
            Rhythm::Times { count, on } => {
                self.rhythm.times.replace("{times}", &count.to_string()).replace("{on}", &seconds(on))
            }
        };
        let name = match part {
            Part::Red => &self.part.red,
            Part::Yellow => &self.part.yellow,
            Part::Green => &self.part.green,
            Part::Buzzer => &self.part.buzzer,
        };
        Some(does.replace("{part}", name))
    }
}
