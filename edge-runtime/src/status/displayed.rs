//! A signal, and whose it is.

use super::Signal;

/// What a signal is about. A page that shows a result must not set another patient's film beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum About {
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
pub struct Shown {
    /// What the lights say.
    pub signal: Signal,
    /// Whose it is.
    pub about: About,
    /// Whether it is the most urgent result of several images.
    pub several: bool,
}

impl Shown {
    /// The result of a record.
    pub fn record(signal: Signal, sequence: u64) -> Self {
        Shown { about: About::Record(sequence), ..Shown::from(signal) }
    }

    /// That something has no result, and no record either.
    pub fn refused(code: &'static str) -> Self {
        Shown { about: About::Refused(code), ..Shown::from(Signal::NoResult) }
    }
}

impl From<Signal> for Shown {
    /// A signal that is about nothing that came in.
    fn from(signal: Signal) -> Self {
        Shown { signal, about: About::Nothing, several: false }
    }
}
