//! Records and images together: the one writer of a store, and its readers.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use xray_core::heat_map::HeatMap;

use super::clock::Timestamp;
use super::database::{Appended, Database};
use super::entry::{Entry, Record};
use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::images::{Images, make_folder};

/// How much a store may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreLimits {
    /// Bytes of images that are kept; above it, the oldest reported ones are deleted. `None`: no limit.
    pub quota: Option<u64>,
    /// Days that the image of a reported record is kept. `None`: without limit.
    pub keep_days: Option<u32>,
    /// Bytes that stay free on the disk. Below it nothing is taken in.
    pub reserve: u64,
}

/// A store that this process alone writes to. Every call that returns without an error has reached the disk.
pub struct RecordStore {
    pub(super) folder: PathBuf,
    pub(super) database: Database,
    pub(super) images: Images,
    pub(super) limits: StoreLimits,
    _lock: File,
}

impl RecordStore {
    /// Opens a store, creating it if need be.
    ///
    /// # Errors
    /// [`RecordStoreError`]; [`RecordStoreError::InUse`] if another process has it.
    pub fn open(folder: &Path, limits: StoreLimits) -> Result<Self, RecordStoreError> {
        make_folder(folder).map_err(|error| RecordStoreError::file(folder, &error))?;
        let lock = lock(folder)?;
        remove_unfinished(folder)?;
        let images = Images::open(folder)?;
        let database = Database::open(folder)?;
        Ok(RecordStore { folder: folder.to_owned(), database, images, limits, _lock: lock })
    }

    /// The record of an image, if it has one.
    ///
    /// # Errors
    /// What the database says.
    pub fn known(&self, image_id: &Hash256) -> Result<Option<Record>, RecordStoreError> {
        self.database.by_image_id(image_id)
    }

    /// Stores an image under its image ID and gives its path.
    ///
    /// # Errors
    /// [`RecordStoreError::Full`] if it would not leave the reserve free; then nothing was written.
    pub fn store_image(&self, image_id: &Hash256, bytes: &[u8]) -> Result<PathBuf, RecordStoreError> {
        self.check_free_space(bytes.len() as u64)?;
        self.images.put(image_id, bytes)
    }

    /// Appends a record, and its heat map where there is one. An image that has a record already keeps it.
    ///
    /// # Errors
    /// What the database says; then nothing was appended.
    pub fn append(&mut self, entry: Entry, map: Option<&HeatMap>) -> Result<Appended, RecordStoreError> {
        self.check_free_space(0)?;
        self.database.append(entry, map)
    }

    /// The heat map of the record at a place; none if it has none.
    ///
    /// # Errors
    /// [`RecordStoreError::Row`] if what is kept is no heat map, or what the database says.
    pub fn heat_map(&self, sequence: u64) -> Result<Option<HeatMap>, RecordStoreError> {
        self.database.heat_map(sequence)
    }

    /// Images that were stored and not recorded, since the process ended in between. An image that was dropped and is
    /// still there is deleted now; one whose bytes do not match its name is quarantined, and its new path is among the
    /// second.
    ///
    /// # Errors
    /// [`RecordStoreError`].
    pub fn unrecorded(&self) -> Result<(Vec<Hash256>, Vec<PathBuf>), RecordStoreError> {
        let (mut pending, mut damaged) = (Vec::new(), Vec::new());
        for image_id in self.images.list()? {
            match self.database.by_image_id(&image_id)? {
                Some(record) if self.database.is_dropped(record.sequence)? => {
                    self.images.remove(&image_id)?
                }
                Some(_) => {}
                None => {
                    let path = self.images.path(&image_id);
                    let bytes =
                        std::fs::read(&path).map_err(|error| RecordStoreError::file(&path, &error))?;
                    match Hash256::of(&bytes) == image_id {
                        true => {
                            self.images.sync(&image_id)?;
                            pending.push(image_id);
                        }
                        false => damaged.push(self.images.quarantine(&image_id)?),
                    }
                }
            }
        }
        Ok((pending, damaged))
    }

    /// The file of an image.
    pub fn image(&self, image_id: &Hash256) -> PathBuf {
        self.images.path(image_id)
    }
}

/// Marks every record of a store up to and with `sequence` as handed to people, so that its image may be deleted
/// when space is needed; gives how many were not marked before. The screening process may run meanwhile.
///
/// # Errors
/// [`RecordStoreError::Missing`] if there is no store, or what the database says.
pub fn mark_reported(folder: &Path, sequence: u64) -> Result<usize, RecordStoreError> {
    Database::open_read_only(folder)?;
    Database::open(folder)?.mark_reported(sequence, Timestamp::now())
}

/// Marks one record of a store as handed to people; gives whether it was not marked before. The screening process may
/// run meanwhile.
///
/// # Errors
/// As [`mark_reported`].
pub fn mark_one_reported(folder: &Path, sequence: u64) -> Result<bool, RecordStoreError> {
    Database::open_read_only(folder)?;
    Database::open(folder)?.mark_one(sequence, Timestamp::now())
}

/// Removes the temporary files that a killed run left: `files::write_atomic` names them `.NAME.PID-COUNT.tmp`.
fn remove_unfinished(folder: &Path) -> Result<(), RecordStoreError> {
    let failed = |error: std::io::Error| RecordStoreError::file(folder, &error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            std::fs::remove_file(&path).map_err(|error| RecordStoreError::file(&path, &error))?;
        }
    }
    Ok(())
}

pub(super) fn lock(folder: &Path) -> Result<File, RecordStoreError> {
    let path = folder.join("lock");
    let failed = |error: std::io::Error| RecordStoreError::file(&path, &error);
    let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RecordStoreError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::super::reader::RecordReader;
    use super::*;

    const LIMITS: StoreLimits = StoreLimits { quota: None, keep_days: None, reserve: 0 };

    #[test]
    fn a_content_has_one_record_whatever_comes_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        let first = store.append(entry(b"a"), None).expect("appended");
        let Appended::New(first) = first else { panic!("{first:?}") };
        let again = store.append(super::Entry { threshold: 0.75, ..entry(b"a") }, None).expect("known");
        assert_eq!(again, Appended::Known(first.clone()));
        let Ok(Appended::New(second)) = store.append(entry(b"b"), None) else { panic!("not new") };
        assert_eq!((first.sequence, first.previous), (1, Hash256::NONE));
        assert_eq!((second.sequence, second.previous), (2, first.hash));
        // Nothing of it is in memory only.
        drop(store);
        let reader = RecordReader::open(folder.path()).expect("opened");
        let mut all = Vec::new();
        let read: Result<(), RecordStoreError> = reader.walk(|record| {
            all.push(record);
            Ok(())
        });
        assert_eq!((read, all), (Ok(()), vec![first, second]));
    }

    #[test]
    fn what_a_killed_run_was_writing_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(".trying.17-0.tmp"), "half").expect("written");
        std::fs::write(folder.path().join("notes.tmp"), "somebody's").expect("written");
        RecordStore::open(folder.path(), LIMITS).expect("opened");
        assert!(!folder.path().join(".trying.17-0.tmp").exists());
        assert!(folder.path().join("notes.tmp").exists());
    }

    #[test]
    fn one_process_at_a_time_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = RecordStore::open(folder.path(), LIMITS).expect("opened");
        let second = RecordStore::open(folder.path(), LIMITS).err().expect("refused");
        assert_eq!(second, RecordStoreError::InUse { folder: folder.path().to_owned() });
        drop(held);
        assert!(RecordStore::open(folder.path(), LIMITS).is_ok());
    }

    #[test]
    fn what_was_stored_and_not_recorded_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        for bytes in [b"a", b"b", b"c"] {
            store.store_image(&Hash256::of(bytes), bytes).expect("kept");
        }
        store.append(entry(b"a"), None).expect("appended");
        std::fs::write(store.image(&Hash256::of(b"c")), b"x").expect("damaged");
        let (pending, damaged) = store.unrecorded().expect("listed");
        assert_eq!(pending, [Hash256::of(b"b")]);
        assert_eq!(damaged.len(), 1);
    }

    #[test]
    fn another_database_and_no_database_are_said() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(RecordReader::open(folder.path()), Err(RecordStoreError::Missing { .. })));
        let other = rusqlite::Connection::open(Database::path(folder.path())).expect("opened");
        other.execute_batch("CREATE TABLE x (y)").expect("created");
        let error = RecordStore::open(folder.path(), LIMITS).err().expect("refused");
        assert!(matches!(error, RecordStoreError::Schema { .. }), "{error}");
    }

    #[test]
    fn another_program_that_holds_the_records_is_no_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        let other = rusqlite::Connection::open(Database::path(folder.path())).expect("opened");
        other.execute_batch("BEGIN IMMEDIATE").expect("held");
        let error = store.append(entry(b"a"), None).expect_err("held");
        assert!(matches!(error, RecordStoreError::Busy { .. }), "{error}");
        assert!(error.may_pass() && !error.is_full(), "it is waited for");
        assert_eq!(store.known(&Hash256::of(b"a")), Ok(None), "reading goes on");
        other.execute_batch("ROLLBACK").expect("given back");
        assert!(matches!(store.append(entry(b"a"), None), Ok(Appended::New(_))));
    }
}
