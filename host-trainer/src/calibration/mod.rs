//! A new operating point for an exported model, from labelled images of the place where it is used.

mod choose;
mod folder;
mod held_out;
mod judged;
mod readings;
mod score;

pub use choose::LocalRules;
pub use folder::{Draw, LocalFolderError, draw, local_items};
pub use held_out::{FOLDS, HeldOut, held_out};
pub use judged::Judged;
pub use readings::{Readings, ReadingsError, RecordingModel, read_readings};
pub use score::{ClassCounts, LocalScore, fingerprint};
