//! What is recorded of one image.

use std::time::Duration;

use xray_core::decision::{Finding, Verdict};

use super::clock::Timestamp;
use super::hash256::Hash256;

/// Where an image came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A watched folder.
    Folder,
    /// A USB stick.
    Stick,
    /// A shot of the camera.
    Camera,
    /// Stored by a run that ended before it could record it.
    Recovered,
}

impl Origin {
    pub const ALL: [Origin; 4] = [Origin::Folder, Origin::Stick, Origin::Camera, Origin::Recovered];

    /// A code that is the same in every release.
    pub fn code(self) -> &'static str {
        match self {
            Origin::Folder => "folder",
            Origin::Stick => "stick",
            Origin::Camera => "camera",
            Origin::Recovered => "recovered",
        }
    }

    /// The origin of that code.
    pub fn from_code(code: &str) -> Option<Origin> {
        Origin::ALL.into_iter().find(|origin| origin.code() == code)
    }
}

/// The reason of an image that ended the program each time it was screened. Nothing opens it again.
pub const ENDED_THE_PROGRAM: &str = "ended-the-program";

/// The code of an outcome without a verdict.
const NO_RESULT: &str = "no-result";

/// A finding with its probability. Made only from a [`Verdict`] or a stored record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedVerdict {
    finding: Finding,
    probability: f64,
}

impl RecordedVerdict {
    /// What was found.
    pub fn finding(self) -> Finding {
        self.finding
    }

    /// The probability that it rests on, 0..1.
    pub fn probability(self) -> f64 {
        self.probability
    }
}

impl From<Verdict> for RecordedVerdict {
    fn from(verdict: Verdict) -> Self {
        RecordedVerdict { finding: verdict.finding(), probability: verdict.probability().value() }
    }
}

/// The outcome of an image. Only a verdict has a probability.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was screened.
    Verdict(RecordedVerdict),
    /// It was not. The codes say why, as [`ScreeningError::codes`](xray_core::screening::ScreeningError::codes)
    /// gives them.
    NoResult {
        /// Codes for machines; at least one.
        reasons: Vec<String>,
    },
}

impl Outcome {
    /// No result, for one reason.
    pub fn no_result(reason: &str) -> Self {
        Outcome::NoResult { reasons: vec![reason.to_owned()] }
    }

    /// No result, for these reasons, of which there is at least one.
    pub fn no_results(reasons: Vec<&str>) -> Self {
        Outcome::NoResult { reasons: reasons.into_iter().map(str::to_owned).collect() }
    }

    /// A code: [`Finding::code`] or `no-result`.
    pub fn code(&self) -> &'static str {
        match self {
            Outcome::Verdict(found) => found.finding.code(),
            Outcome::NoResult { .. } => NO_RESULT,
        }
    }

    /// The text that people see.
    pub fn words(&self) -> &'static str {
        match self {
            Outcome::Verdict(found) => found.finding.words(),
            Outcome::NoResult { .. } => "NO RESULT",
        }
    }

    /// The probability, where there is one.
    pub fn probability(&self) -> Option<f64> {
        match self {
            Outcome::Verdict(found) => Some(found.probability),
            Outcome::NoResult { .. } => None,
        }
    }

    /// Why there is no result; empty for a verdict.
    pub fn reasons(&self) -> &[String] {
        match self {
            Outcome::Verdict(_) => &[],
            Outcome::NoResult { reasons } => reasons,
        }
    }

    /// Whether the image ended the program, so that nothing may open it again.
    pub fn is_quarantined(&self) -> bool {
        self.reasons().iter().any(|reason| reason == ENDED_THE_PROGRAM)
    }

    /// The outcome that a record's columns speak of; `None` if they contradict each other.
    pub(super) fn from_columns(code: &str, probability: Option<f64>, reasons: Vec<String>) -> Option<Self> {
        if code == NO_RESULT {
            return (probability.is_none() && !reasons.is_empty()).then_some(Outcome::NoResult { reasons });
        }
        let finding = Finding::ALL.into_iter().find(|finding| finding.code() == code)?;
        let probability = probability.filter(|p| (0.0..=1.0).contains(p) && reasons.is_empty())?;
        Some(Outcome::Verdict(RecordedVerdict { finding, probability }))
    }
}

/// How long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Durations {
    /// From the first byte read from its source to the image lying safely in the store, in microseconds, less the time
    /// for which the result before it was still shown.
    pub intake_us: u64,
    /// Reading, preparing and running, in microseconds.
    pub screening_us: u64,
}

impl Durations {
    /// From two durations; at most 2⁶³ − 1 microseconds each, which is as far as the database counts.
    pub fn of(intake: Duration, screening: Duration) -> Self {
        let us = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX).unsigned_abs();
        Durations { intake_us: us(intake), screening_us: us(screening) }
    }
}

/// What is known of an image before it has its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// SHA-256 of its bytes: the image ID.
    pub image_id: Hash256,
    /// How many bytes it has.
    pub bytes: u64,
    /// Where it came from.
    pub origin: Origin,
    /// When it was recorded, as far as the clock knows.
    pub recorded: Timestamp,
    /// Hash of the model file.
    pub model: Hash256,
    /// The model's threshold, 0..1.
    pub threshold: f64,
    pub outcome: Outcome,
    /// How long that took.
    pub durations: Durations,
}

/// An entry with its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its place: 1, 2, 3 …, without a gap.
    pub sequence: u64,
    /// What it says.
    pub entry: Entry,
    /// Hash of the record before it; [`Hash256::NONE`] for the first.
    pub previous: Hash256,
    /// Hash of all of the above ([`super::chain`]).
    pub hash: Hash256,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An entry for an image of these bytes.
    pub(in super::super) fn entry(bytes: &[u8]) -> Entry {
        Entry {
            image_id: Hash256::of(bytes),
            bytes: bytes.len() as u64,
            origin: Origin::Folder,
            recorded: Timestamp { unix_ms: 1_795_459_341_500, trusted: true },
            model: Hash256::of(b"model"),
            threshold: 0.5,
            outcome: Outcome::Verdict(RecordedVerdict { finding: Finding::NoSign, probability: 0.25 }),
            durations: Durations { intake_us: 1500, screening_us: 42_000 },
        }
    }

    #[test]
    fn columns_that_contradict_each_other_are_no_outcome() {
        let read = |code, probability, reasons: &[&str]| {
            let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
            Outcome::from_columns(code, probability, reasons)
        };
        assert_eq!(read("no-sign", Some(0.25), &[]).and_then(|o| o.probability()), Some(0.25));
        assert_eq!(read("no-result", None, &["empty"]), Some(Outcome::no_result("empty")));
        for (code, probability, reasons) in [
            ("no-result", Some(0.1), &["empty"][..]),
            ("no-result", None, &[]),
            ("no-sign", None, &[]),
            ("no-sign", Some(1.5), &[]),
            ("no-sign", Some(f64::NAN), &[]),
            ("no-sign", Some(0.1), &["empty"]),
            ("healthy", Some(0.1), &[]),
        ] {
            assert_eq!(read(code, probability, reasons), None, "{code} {probability:?} {reasons:?}");
        }
    }

    #[test]
    fn words_are_read_back() {
        for origin in Origin::ALL {
            assert_eq!(Origin::from_code(origin.code()), Some(origin));
        }
        for finding in Finding::ALL {
            let read = Outcome::from_columns(finding.code(), Some(0.5), Vec::new());
            assert_eq!(read.map(|outcome| outcome.code()), Some(finding.code()));
        }
    }
}
