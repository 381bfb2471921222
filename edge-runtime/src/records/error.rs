//! What can go wrong with the store.

use std::io;
use std::path::{Path, PathBuf};

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
    },
    /// A file could not be read or written.
    #[error("{}: {reason}; check the disk and who owns the folder", .file.display())]
    File {
        /// The file or folder.
        file: PathBuf,
        reason: String,
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
                RecordStoreError::Full { folder: file.to_owned(), reason }
            }
            _ => RecordStoreError::File { file: file.to_owned(), reason },
        }
    }

    pub(super) fn database(file: &Path, error: &rusqlite::Error) -> Self {
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => RecordStoreError::Full { folder: file.to_owned(), reason },
            _ => RecordStoreError::Database { file: file.to_owned(), reason },
        }
    }

    /// Whether it may pass without anyone changing the device's program: a full disk.
    pub fn is_full(&self) -> bool {
        matches!(self, RecordStoreError::Full { .. })
    }
}
