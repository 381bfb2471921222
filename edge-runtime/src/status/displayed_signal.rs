//! A signal, and whose it is.

use super::Signal;

/// What a signal is about. A page that shows a result must not set another patient's film beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject {
    /// Nothing that came in.
    #[default]
    Nothing,
    /// The record of this number.
    Record(u64),
    /// Something that has no record, such as a file that could not be read; why not.
    Refused(&'static str),
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayedSignal {
    /// What the lights say.
    pub signal: Signal,
    /// Whose it is.
    pub subject: Subject,
    /// Whether it is the most urgent result of several images.
    pub several: bool,
}

impl DisplayedSignal {
    /// The result of a record.
    pub fn record(signal: Signal, sequence: u64) -> Self {
        DisplayedSignal { subject: Subject::Record(sequence), ..DisplayedSignal::from(signal) }
    }

    /// That something has no result, and no record either.
    pub fn refused(code: &'static str) -> Self {
        DisplayedSignal { subject: Subject::Refused(code), ..DisplayedSignal::from(Signal::NoResult) }
    }
}

impl From<Signal> for DisplayedSignal {
    /// A signal that is about nothing that came in.
    fn from(signal: Signal) -> Self {
        DisplayedSignal { signal, subject: Subject::Nothing, several: false }
    }
}
