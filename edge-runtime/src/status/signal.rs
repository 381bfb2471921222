//! The signals of the device.

use std::fmt;

use serde::Deserialize;
use xray_core::decision::Finding;
use xray_core::screening::{NoResult, ScreenedPath, ScreeningError};

#[cfg(unix)]
use crate::records::Outcome;

/// A signal of the device. Ordered by urgency: at the end of a batch the most urgent is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum Signal {
    /// Everything is dark.
    Off,
    /// Waiting for an image.
    Ready,
    /// A stick was read to its end and may be pulled.
    MayBePulled,
    /// An image is being read.
    Busy,
    /// A stick carries a signed model, which is being checked.
    ModelFound,
    /// That model may be installed, and waits for a press of the button.
    ModelWaiting,
    /// That model is in use; the program starts again.
    ModelInstalled,
    /// [`Finding::NoSign`].
    NoSign,
    /// The model on a stick was refused; the device keeps the one that it has.
    ModelRefused,
    /// An image gave no result.
    NoResult,
    /// [`Finding::Uncertain`]. Above [`Signal::NoResult`] for the same reason as [`Signal::Suspected`].
    Uncertain,
    /// [`Finding::Suspected`]. Above [`Signal::NoResult`]: a patient to examine comes before a film to repeat.
    Suspected,
    /// The device itself failed. Nothing can be trusted until it is repaired, so this is the most urgent.
    Fault,
}

impl Signal {
    pub const ALL: [Signal; 13] = [
        Signal::Off,
        Signal::Ready,
        Signal::MayBePulled,
        Signal::Busy,
        Signal::ModelFound,
        Signal::ModelWaiting,
        Signal::ModelInstalled,
        Signal::NoSign,
        Signal::ModelRefused,
        Signal::NoResult,
        Signal::Uncertain,
        Signal::Suspected,
        Signal::Fault,
    ];

    /// Its key in a board file.
    pub fn key(self) -> &'static str {
        match self {
            Signal::Off => "off",
            Signal::Ready => "ready",
            Signal::MayBePulled => "may_be_pulled",
            Signal::Busy => "busy",
            Signal::ModelFound => "model_found",
            Signal::ModelWaiting => "model_waiting",
            Signal::ModelInstalled => "model_installed",
            Signal::ModelRefused => "model_refused",
            Signal::NoSign => "no_sign",
            Signal::NoResult => "no_result",
            Signal::Uncertain => "uncertain",
            Signal::Suspected => "suspected",
            Signal::Fault => "fault",
        }
    }

    /// Whether it is the result of an image.
    pub fn is_result(self) -> bool {
        matches!(self, Signal::NoSign | Signal::NoResult | Signal::Uncertain | Signal::Suspected)
    }

    /// Whether people need time to see it: a result, or what happened to a model.
    pub fn is_news(self) -> bool {
        self.is_result() || matches!(self, Signal::ModelInstalled | Signal::ModelRefused)
    }

    /// The signal of an image. An engine that fails is a fault of the device; everything else that keeps an image from a
    /// verdict is a property of the image.
    pub fn of(item: &ScreenedPath) -> Signal {
        match &item.outcome {
            Ok(screening) => match screening.verdict.finding() {
                Finding::Suspected => Signal::Suspected,
                Finding::Uncertain => Signal::Uncertain,
                Finding::NoSign => Signal::NoSign,
            },
            Err(NoResult::Screening(ScreeningError::Engine { .. })) => Signal::Fault,
            Err(_) => Signal::NoResult,
        }
    }
}

impl TryFrom<String> for Signal {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        let keys = || Signal::ALL.iter().skip(1).map(|signal| signal.key()).collect::<Vec<_>>().join(", ");
        let found = Signal::ALL.into_iter().find(|signal| signal.key() == key);
        found.ok_or_else(|| format!("`{key}` is no signal; they are {}", keys()))
    }
}

/// The signal of a recorded outcome.
#[cfg(unix)]
impl From<&Outcome> for Signal {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Verdict(found) => match found.finding() {
                Finding::Suspected => Signal::Suspected,
                Finding::Uncertain => Signal::Uncertain,
                Finding::NoSign => Signal::NoSign,
            },
            Outcome::NoResult { .. } => Signal::NoResult,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Signal::Off => "off",
            Signal::Ready => "ready",
            Signal::MayBePulled => "stick may be pulled",
            Signal::Busy => "busy",
            Signal::ModelFound => "model found",
            Signal::ModelWaiting => "model waits for a press",
            Signal::ModelInstalled => "model installed",
            Signal::ModelRefused => "model refused",
            Signal::NoSign => Finding::NoSign.words(),
            Signal::NoResult => "no result",
            Signal::Uncertain => Finding::Uncertain.words(),
            Signal::Suspected => Finding::Suspected.words(),
            Signal::Fault => "fault",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xray_core::engine::EngineError;
    use xray_intake::ListingError;

    #[test]
    fn only_a_failing_engine_is_a_fault() {
        let item = |problem| ScreenedPath { file: "x".into(), outcome: Err(problem), picture: None };
        let missing = item(NoResult::Listing(ListingError::NotFound { path: "x".into() }));
        assert_eq!(Signal::of(&missing), Signal::NoResult);
        let source = EngineError::Run { reason: "x".into() };
        let broken = item(NoResult::Screening(ScreeningError::Engine { file: "x".into(), source }));
        assert_eq!(Signal::of(&broken), Signal::Fault);
    }

    #[test]
    fn the_most_urgent_is_the_greatest() {
        use Signal::{Fault, NoResult, NoSign, Suspected, Uncertain};
        assert_eq!([NoSign, NoResult, NoSign].into_iter().max(), Some(NoResult));
        assert_eq!([NoResult, Uncertain, NoSign].into_iter().max(), Some(Uncertain));
        assert_eq!([Uncertain, Suspected].into_iter().max(), Some(Suspected));
        assert_eq!([NoResult, Suspected, NoSign].into_iter().max(), Some(Suspected));
        assert_eq!([Suspected, Fault].into_iter().max(), Some(Fault));
    }
}
