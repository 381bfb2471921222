//! A signal and its subject.

use super::Signal;

/// What a signal is about, so that the page never shows another patient's film beside a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject {
    /// No image and no refusal.
    #[default]
    Nothing,
    /// The record of this number.
    Record(u64),
    /// Something without a record, such as a file that could not be read; the code says why.
    Refused(&'static str),
}

/// A signal that is shown, with its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayedSignal {
    /// What the lights show.
    pub signal: Signal,
    pub subject: Subject,
    /// Whether it is the most urgent result of several images.
    pub several: bool,
}

impl DisplayedSignal {
    /// The result of a record.
    pub fn record(signal: Signal, sequence: u64) -> Self {
        DisplayedSignal { subject: Subject::Record(sequence), ..DisplayedSignal::from(signal) }
    }

    /// Something that has neither a result nor a record.
    pub fn refused(code: &'static str) -> Self {
        DisplayedSignal { subject: Subject::Refused(code), ..DisplayedSignal::from(Signal::NoResult) }
    }
}

impl From<Signal> for DisplayedSignal {
    /// A signal without a subject.
    fn from(signal: Signal) -> Self {
        DisplayedSignal { signal, subject: Subject::Nothing, several: false }
    }
}
