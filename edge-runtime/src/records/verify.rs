//! Whether a store is as it was written.

use std::io;

use super::chain::{self, ChainHead};
use super::entry::Record;
use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::reader::RecordReader;

/// A problem: which record or file, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub String);

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyDepth {
    /// The database and its chain.
    Chain,
    /// Also every image file, read and hashed.
    Images,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many records there are.
    pub records: u64,
    /// How many events of models there are.
    pub events: u64,
    /// How many image files were hashed.
    pub images: u64,
    /// The newest record. Who notes down its number and hash can later prove that nothing up to there was removed.
    pub head: Option<ChainHead>,
    /// What does not hold; the first of them, at most [`Verification::MOST`].
    pub problems: Vec<Problem>,
}

impl Verification {
    /// Problems that are kept; a store with more is no better understood by them.
    pub const MOST: usize = 100;

    fn problem(&mut self, text: String) {
        if self.problems.len() < Verification::MOST {
            self.problems.push(Problem(text));
        }
    }
}

impl RecordReader {
    /// Checks the whole store. `holds` is a chain head that was noted down before.
    ///
    /// # Errors
    /// [`RecordStoreError`] only if the database cannot be asked at all.
    pub fn verify(
        &self,
        depth: VerifyDepth,
        holds: Option<ChainHead>,
    ) -> Result<Verification, RecordStoreError> {
        let mut found = Verification::default();
        for line in self.database.integrity()? {
            found.problem(format!("the database: {line}"));
        }
        // What was appended after this look is not missed.
        let greatest = self.database.greatest_ever()?;
        let mut held = holds.is_none();
        self.database.walk::<RecordStoreError>(|row| {
            found.records += 1;
            match row {
                Ok(record) => {
                    if let Err(problem) = chain::check(found.head, &record) {
                        found.problem(format!("record {}: {problem}", record.sequence));
                    }
                    let head = ChainHead { sequence: record.sequence, hash: record.hash };
                    held |= holds == Some(head);
                    found.head = Some(head);
                    if depth == VerifyDepth::Images {
                        self.verify_image(&record, &mut found)?;
                    }
                }
                Err(RecordStoreError::Row { sequence, reason }) => {
                    found.problem(format!("record {sequence}: {reason}"));
                    // The chain is taken up again behind it, so that the rest is checked too.
                    found.head = found.head.map(|head| ChainHead { sequence: head.sequence + 1, ..head });
                }
                Err(other) => return Err(other),
            }
            Ok(())
        })?;
        let (events, problems) = self.check_model_events()?;
        found.events = events;
        problems.into_iter().for_each(|problem| found.problem(problem));
        let newest = found.head.map_or(0, |head| head.sequence);
        if newest < greatest {
            found.problem(format!("the newest record is {newest}, and there was a record {greatest}"));
        }
        if let (false, Some(ChainHead { sequence, hash })) = (held, holds) {
            found.problem(format!("record {sequence} with the hash {hash} is not there"));
        }
        Ok(found)
    }

    fn verify_image(&self, record: &Record, found: &mut Verification) -> Result<(), RecordStoreError> {
        let Some(path) = self.image(record)? else { return Ok(()) };
        match std::fs::read(&path) {
            Ok(bytes) if Hash256::of(&bytes) == record.entry.image_id => found.images += 1,
            Ok(_) => found.problem(format!("record {}: its image was changed", record.sequence)),
            // Given up between the two looks.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.image(record)?.is_none() => {}
            Err(error) => {
                found.problem(format!("record {}: its image cannot be read: {error}", record.sequence));
            }
        }
        Ok(())
    }
}
