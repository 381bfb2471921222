//! The chain: each record's hash covers all that it says and the hash of the record before it, so a byte that
//! was changed later is found.
//!
//! # The canonical encoding
//! The SHA-256 is taken over fields one after another, each preceded by its length in bytes (8 bytes, big
//! endian), so that no two records have the same encoding. Whole numbers and the bits of a float (IEEE 754
//! double) are 8 bytes, big endian; times are signed. In this order:
//!
//! `xray-edge/record/1` as text; sequence; previous hash (32 bytes); content hash (32 bytes); size; origin;
//! time in ms; time trusted (one byte, 0 or 1); model hash (32 bytes); threshold; outcome; probability (no bytes
//! where there is none); intake in µs; screening in µs; number of reasons; each reason.
//!
//! `scripts/oracle/record_chain.py` computes it from an export, without this program.

use std::fmt;

use super::entry::{Entry, Record};
use super::hash256::Hash256;

/// Begins every encoding, so that a later format cannot be taken for this one.
const FORMAT: &str = "xray-edge/record/1";

/// The newest record of a chain: the next one names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    pub sequence: u64,
    pub hash: Hash256,
}

impl ChainHead {
    /// The head of the chain as it was when this record was its newest.
    pub fn of(record: &Record) -> Self {
        ChainHead { sequence: record.sequence, hash: record.hash }
    }
}

/// `NUMBER:HASH`, as reports, exports and `records verify` print it.
impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

/// Sequence and previous hash of the record behind `last`.
fn next(last: Option<ChainHead>) -> (u64, Hash256) {
    last.map_or((1, Hash256::NONE), |head| (head.sequence + 1, head.hash))
}

/// Fields one after another.
pub(super) struct Encoding(pub(super) Vec<u8>);

impl Encoding {
    /// Begins with the name of what is encoded.
    pub(super) fn new(form: &str) -> Self {
        let mut all = Encoding(Vec::with_capacity(512));
        all.field(form.as_bytes());
        all
    }

    pub(super) fn field(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as u64).to_be_bytes());
        self.0.extend(bytes);
    }

    pub(super) fn number(&mut self, number: u64) {
        self.field(&number.to_be_bytes());
    }
}

/// The canonical encoding of a record that is not hashed yet.
pub fn encode(sequence: u64, previous: Hash256, entry: &Entry) -> Vec<u8> {
    let mut all = Encoding::new(FORMAT);
    all.number(sequence);
    all.field(previous.bytes());
    all.field(entry.image_id.bytes());
    all.number(entry.bytes);
    all.field(entry.origin.code().as_bytes());
    all.field(&entry.recorded.unix_ms.to_be_bytes());
    all.field(&[u8::from(entry.recorded.trusted)]);
    all.field(entry.model.bytes());
    all.number(entry.threshold.to_bits());
    all.field(entry.outcome.code().as_bytes());
    match entry.outcome.probability() {
        Some(probability) => all.number(probability.to_bits()),
        None => all.field(&[]),
    }
    all.number(entry.durations.intake_us);
    all.number(entry.durations.screening_us);
    all.number(entry.outcome.reasons().len() as u64);
    for reason in entry.outcome.reasons() {
        all.field(reason.as_bytes());
    }
    all.0
}

/// Gives an entry its place behind `last`, the newest record; `None`: it is the first.
pub fn append(last: Option<ChainHead>, entry: Entry) -> Record {
    let (sequence, previous) = next(last);
    let hash = Hash256::of(&encode(sequence, previous, &entry));
    Record { sequence, entry, previous, hash }
}

/// Whether a record follows `last` correctly.
///
/// # Errors
/// What is wrong, as text.
pub fn check(last: Option<ChainHead>, record: &Record) -> Result<(), String> {
    let (sequence, previous) = next(last);
    if record.sequence != sequence {
        return Err(format!("record {sequence} is missing"));
    }
    if record.previous != previous {
        return Err("it does not name the hash of the record before it".to_owned());
    }
    if record.hash != Hash256::of(&encode(record.sequence, record.previous, &record.entry)) {
        return Err("its hash is not that of what it says: it was changed".to_owned());
    }
    Ok(())
}
