//! Records of what was screened: none is lost, duplicated or changed unnoticed.
//!
//! ```text
//! bytes ─RecordStore::store_image→ image file, named by its hash ─Screener→ Entry ─RecordStore::append→ Record in the chain
//! ```
//!
//! The image reaches the disk first, then its record. A process that is killed in between leaves an image
//! without a record, which the next run finds ([`RecordStore::unrecorded`]) and screens.
//!
//! # What the chain proves
//! Each record's hash covers all that it says and the hash before it, so a change to any record is found by
//! [`RecordReader::verify`]. Who can write the file can also compute a whole new chain; against that, keep
//! a report on paper, an export, or what `records verify` prints: they name hashes that a new chain would not have
//! ([`heads_in`], [`RecordReader::missing`]).

mod age;
mod anchor;
pub mod chain;
mod clock;
mod database;
mod entry;
mod erase;
mod error;
mod export;
mod gone;
mod hash256;
mod heat_maps;
mod image_files;
mod images;
mod in_flight;
mod model_events;
mod reader;
mod refusals;
mod retention;
pub mod rows;
mod search;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod wipe;

pub use anchor::heads_in;
pub use chain::ChainHead;
pub use clock::Timestamp;
pub use database::Appended;
pub use entry::{Durations, ENDED_THE_PROGRAM, Entry, Origin, Outcome, Record, RecordedVerdict};
pub use erase::erase;
pub use error::RecordStoreError;
pub use export::{ExportFormat, Exporter, RecordRow, line};
pub use hash256::{Hash256, InvalidHash};
pub use in_flight::ended_on_an_image;
pub use model_events::RecordedModelEvent;
pub use reader::RecordReader;
pub use refusals::RecordedRefusal;
pub use retention::{AgeDeletion, CleanupResult};
pub use search::{Day, MIN_HASH_DIGITS, RecordQuery, RecordSelector};
pub use store::{RecordStore, StoreLimits, mark_one_reported, mark_reported};
pub use verify::{Problem, Verification, VerifyDepth};
pub use wipe::wipe;
