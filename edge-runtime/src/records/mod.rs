//! What was screened, kept so that nothing is lost, doubled or changed unseen.
//!
//! ```text
//! bytes ─Store::keep→ image file, named by its hash ─Screener→ Entry ─Store::append→ Record in the chain
//! ```
//!
//! The image reaches the disk first, then its record. A process that is killed in between leaves an image
//! without a record, which the next run finds ([`Store::unrecorded`]) and screens.
//!
//! # What the chain proves
//! Each record's hash covers all that it says and the hash before it, so a change to any record is found by
//! [`Reader::verify`]. Whoever can write the file can also compute a whole new chain; against that, note down what
//! `records verify` prints, or keep an export: both name hashes that a new chain would not have.

pub mod chain;
mod clock;
mod database;
mod entry;
mod error;
mod export;
mod hash256;
mod heat_maps;
mod images;
mod model_events;
mod refusals;
mod room;
mod rows;
mod search;
mod store;
#[cfg(test)]
mod tests;
mod trying;
mod verify;

pub use clock::Moment;
pub use database::Appended;
pub use entry::{Durations, Entry, Found, Origin, Outcome, Record};
pub use error::StoreError;
pub use export::{Exporter, Form, Row, line};
pub use hash256::{Hash256, NotAHash};
pub use model_events::ModelEvent;
pub use refusals::Refused;
pub use room::Room;
pub use search::{Day, Query, SHORTEST, Study};
pub use store::{Limits, Reader, Store, mark_one_reported, mark_reported};
pub use verify::{Depth, Problem, Verification};
