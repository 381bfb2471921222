//! Erasing what a record holds of a patient: the image, with all that its file says of patient and study, and the heat map.
//! The record itself stays, so that the chain does.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};
use xray_core::files;

use super::clock::Timestamp;
use super::database::Database;
use super::error::RecordStoreError;
use super::images::Images;
use super::reader::RecordReader;

const TABLE: &str = include_str!("erased.sql");

/// Erases the image and the heat map of a record, and notes when; the record counts as reported from then on. Gives whether
/// it was not erased before; then the files are looked for once more. The screening process may run meanwhile. On flash
/// memory the old blocks stay until the card uses them again.
///
/// # Errors
/// [`RecordStoreError::Missing`] if there is no store; [`RecordStoreError::NoRecord`]; what the database or the disk says.
pub fn erase(folder: &Path, sequence: u64, now: Timestamp) -> Result<bool, RecordStoreError> {
    let reader = RecordReader::open(folder)?;
    let record = reader.by_sequence(sequence)?.ok_or(RecordStoreError::NoRecord { sequence })?;
    // Noted first: an image that is missing without a note would be a loss.
    let new = Database::open(folder)?.erase(sequence, now)?;
    let images = Images::at(folder);
    images.remove(&record.entry.image_id)?;
    let path = images.path(&record.entry.image_id);
    let damaged = Images::quarantined(&path);
    files::not_found_as_none(std::fs::remove_file(&damaged))
        .and_then(|_| {
            path.parent()
                .map_or(Ok(()), |shard| files::not_found_as_none(files::sync_folder(shard)).map(drop))
        })
        .map_err(|error| RecordStoreError::file(&damaged, &error))?;
    Ok(new)
}

impl Database {
    fn erase(&mut self, sequence: u64, now: Timestamp) -> Result<bool, RecordStoreError> {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        let new = self.write(|connection| {
            // Rows that are deleted are overwritten with zeros.
            connection.pragma_update(None, "secure_delete", true)?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(TABLE)?;
            let note = "INSERT OR IGNORE INTO erased (sequence, at_ms, time_trusted) VALUES (?1, ?2, ?3)";
            let new = transaction.execute(note, params![sequence, now.unix_ms, now.trusted])? > 0;
            for table in ["reported", "dropped"] {
                let sql = format!("INSERT OR IGNORE INTO {table} (sequence, at_ms) VALUES (?1, ?2)");
                transaction.execute(&sql, params![sequence, now.unix_ms])?;
            }
            transaction.execute("DELETE FROM heat_map WHERE sequence = ?1", [sequence])?;
            transaction.commit()?;
            Ok(new)
        })?;
        // The journal holds the old rows until it is written back; a reader may keep it from that for now.
        self.with(|connection| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))?;
        Ok(new)
    }
}

impl RecordReader {
    /// The records that were erased, and when, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub fn erased(&self) -> Result<Vec<(u64, Timestamp)>, RecordStoreError> {
        self.database.with(|connection| {
            if !there(connection)? {
                return Ok(Vec::new());
            }
            let sql = "SELECT sequence, at_ms, time_trusted FROM erased ORDER BY sequence";
            let mut statement = connection.prepare(sql)?;
            let read = |row: &rusqlite::Row<'_>| {
                Ok((row.get(0)?, Timestamp { unix_ms: row.get(1)?, trusted: row.get(2)? }))
            };
            statement.query_map([], read)?.collect()
        })
    }

    /// When a record was erased; none if it was not.
    ///
    /// # Errors
    /// What the database says.
    pub fn erased_at(&self, sequence: u64) -> Result<Option<Timestamp>, RecordStoreError> {
        Ok(self.erased()?.into_iter().find_map(|(erased, at)| (erased == sequence).then_some(at)))
    }
}

/// Whether anything was ever erased.
fn there(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'erased')";
    connection.query_row(sql, [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use xray_core::heat_map::HeatMap;

    use super::super::entry::tests::entry;
    use super::super::hash256::Hash256;
    use super::super::store::{RecordStore, StoreLimits};
    use super::super::verify::VerifyDepth;
    use super::*;

    const NOW: Timestamp = Timestamp { unix_ms: 1_795_459_341_000, trusted: true };

    #[test]
    fn image_and_heat_map_go_and_the_chain_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let mut store = RecordStore::open(folder.path(), limits).expect("opened");
        // 0x4b1d… as the bits of a float that is found again in the file.
        let heat = HeatMap::new(1, vec![f32::from_bits(0x4b1d_c0de)]).expect("a map");
        for bytes in [b"a", b"b"] {
            store.store_image(&Hash256::of(bytes), bytes).expect("kept");
            store.append(entry(bytes), Some(&heat)).expect("appended");
        }
        let path = store.image(&Hash256::of(b"a"));
        std::fs::write(path.with_extension("damaged"), b"a, damaged").expect("written");
        // While the store is in use.
        assert_eq!(erase(folder.path(), 1, NOW), Ok(true));
        assert_eq!(erase(folder.path(), 1, NOW), Ok(false));
        assert!(!path.exists() && !path.with_extension("damaged").exists());
        assert!(store.image(&Hash256::of(b"b")).exists());
        let reader = RecordReader::open(folder.path()).expect("opened");
        assert_eq!(reader.erased(), Ok(vec![(1, NOW)]));
        assert_eq!((reader.erased_at(1), reader.erased_at(2)), (Ok(Some(NOW)), Ok(None)));
        assert_eq!((reader.heat_map(1), reader.heat_map(2)), (Ok(None), Ok(Some(heat))));
        let found = reader.verify(VerifyDepth::Images, None).expect("verified");
        assert_eq!((found.records, found.images, found.problems), (2, 1, vec![]));
        // The same image again is known and not stored; one that an interruption brought back goes.
        assert!(store.known(&Hash256::of(b"a")).expect("asked").is_some());
        assert_eq!(store.unrecorded(), Ok((vec![], vec![])));
        assert_eq!(erase(folder.path(), 3, NOW), Err(RecordStoreError::NoRecord { sequence: 3 }));
        drop((store, reader));
        let bytes = std::fs::read(Database::path(folder.path())).expect("read");
        let count = bytes.windows(4).filter(|four| *four == 0x4b1d_c0de_u32.to_le_bytes()).count();
        assert_eq!(count, 1, "the heat map of the other record");
    }

    #[test]
    fn an_erasure_cannot_be_taken_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let mut store = RecordStore::open(folder.path(), limits).expect("opened");
        store.append(entry(b"a"), None).expect("appended");
        assert_eq!(RecordReader::open(folder.path()).expect("opened").erased(), Ok(vec![]));
        erase(folder.path(), 1, NOW).expect("erased");
        for sql in ["DELETE FROM erased", "UPDATE erased SET at_ms = 0"] {
            assert!(store.database.with(|connection| connection.execute(sql, [])).is_err(), "{sql}");
        }
    }
}
