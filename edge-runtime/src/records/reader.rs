//! Reading a store, also while another process writes to it.

use std::path::{Path, PathBuf};

use xray_core::heat_map::HeatMap;

use super::database::Database;
use super::entry::Record;
use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::images::Images;

/// A store that is opened for reading; another process may write to it meanwhile.
pub struct RecordReader {
    pub(super) database: Database,
    pub(super) images: Images,
}

impl RecordReader {
    /// Opens a store for reading.
    ///
    /// # Errors
    /// [`RecordStoreError::Missing`] if there is none.
    pub fn open(folder: &Path) -> Result<Self, RecordStoreError> {
        Ok(RecordReader { database: Database::open_read_only(folder)?, images: Images::at(folder) })
    }

    /// All records, oldest first, one after another to `each`.
    ///
    /// # Errors
    /// The first row that is no record, or what `each` gives.
    pub fn walk<E: From<RecordStoreError>>(
        &self,
        mut each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        self.database.walk(|record| each(record?))
    }

    /// The record at a place.
    ///
    /// # Errors
    /// What the database says.
    pub fn by_sequence(&self, sequence: u64) -> Result<Option<Record>, RecordStoreError> {
        self.database.by_sequence(sequence)
    }

    /// The record of an image.
    ///
    /// # Errors
    /// What the database says.
    pub fn by_image_id(&self, image_id: &Hash256) -> Result<Option<Record>, RecordStoreError> {
        self.database.by_image_id(image_id)
    }

    /// The file of a record's image; `None` if it was deleted to free space.
    ///
    /// # Errors
    /// What the database says.
    pub fn image(&self, record: &Record) -> Result<Option<PathBuf>, RecordStoreError> {
        let dropped = self.database.is_dropped(record.sequence)?;
        Ok((!dropped).then(|| self.images.path(&record.entry.image_id)))
    }

    /// The heat map of the record at a place; none if it has none, as after a model without one, or if there is no
    /// result.
    ///
    /// # Errors
    /// [`RecordStoreError::Row`] if what is kept is no heat map, or what the database says.
    pub fn heat_map(&self, sequence: u64) -> Result<Option<HeatMap>, RecordStoreError> {
        self.database.heat_map(sequence)
    }

    /// How many records up to and with `sequence` were not handed to people yet.
    ///
    /// # Errors
    /// What the database says.
    pub fn unreported(&self, sequence: u64) -> Result<u64, RecordStoreError> {
        self.database.unreported(sequence)
    }
}
