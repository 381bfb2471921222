//! What can go wrong with the store.

use std::io;
use std::path::{Path, PathBuf};

/// What is made free where the system does not say how much was missing, in bytes.
const SOME_ROOM: u64 = 1 << 20;

/// Why the record store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordStoreError {
    /// The disk is full. Nothing was lost: what could not be stored is offered again.
    #[error("{}: the disk is full: {reason}; delete what is not needed, or print and mark results so that their images may go", .folder.display())]
    Full {
        /// The store, or the file that could not be written.
        folder: PathBuf,
        /// What was asked for and what is there.
        reason: String,
        /// Bytes that have to become free beside the reserve, as far as that is known.
        needed: u64,
    },
    /// A file could not be read or written.
    #[error("{}: {reason}; check the disk and who owns the folder", .file.display())]
    File {
        /// The file or folder.
        file: PathBuf,
        reason: String,
    },
    /// Another program has held the database for long.
    #[error("{}: another program holds the records; end it, or wait until it is ready", .file.display())]
    Busy {
        /// The database file.
        file: PathBuf,
    },
    /// The database refused.
    #[error("{}: the database says: {reason}; run `edge-runtime records verify`", .file.display())]
    Database {
        /// The database file.
        file: PathBuf,
        reason: String,
    },
    /// The database is of another release, or something else altogether.
    #[error("{}: not a store that this release can read ({found}); name another folder or install the release that made it", .file.display())]
    Schema {
        /// The database file.
        file: PathBuf,
        /// What was found.
        found: String,
    },
    /// Another process screens into this store.
    #[error("{}: another process of edge-runtime has this store; stop it first", .folder.display())]
    InUse {
        /// The store.
        folder: PathBuf,
    },
    /// There is no store.
    #[error("{}: no store is there; name the folder that `[record]` in the configuration names", .folder.display())]
    Missing { folder: PathBuf },
    /// There is no such record.
    #[error("there is no record {sequence}; `edge-runtime records list` shows them")]
    NoRecord { sequence: u64 },
    /// A row cannot be read as a record.
    #[error("record {sequence}: {reason}; run `edge-runtime records verify`")]
    Row { sequence: i64, reason: String },
}

impl RecordStoreError {
    pub(super) fn file(file: &Path, error: &io::Error) -> Self {
        let reason = error.to_string();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                RecordStoreError::Full { folder: file.to_owned(), reason, needed: SOME_ROOM }
            }
            _ => RecordStoreError::File { file: file.to_owned(), reason },
        }
    }

    pub(super) fn database(file: &Path, error: &rusqlite::Error) -> Self {
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => {
                RecordStoreError::Full { folder: file.to_owned(), reason, needed: SOME_ROOM }
            }
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                RecordStoreError::Busy { file: file.to_owned() }
            }
            _ => RecordStoreError::Database { file: file.to_owned(), reason },
        }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, RecordStoreError::Full { .. })
    }

    /// Bytes that have to become free beside the reserve; none if the disk is not full.
    pub fn needed_room(&self) -> Option<u64> {
        match self {
            RecordStoreError::Full { needed, .. } => Some(*needed),
            _ => None,
        }
    }

    /// Whether it may pass while the program runs: a full disk, or another program that holds the records.
    pub fn may_pass(&self) -> bool {
        self.is_full() || matches!(self, RecordStoreError::Busy { .. })
    }
}
