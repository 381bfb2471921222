//! What came and was refused without a record: a stick that was not read or holds no image, a file over the limit, a
//! shot that the camera did not give.

use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::clock::Timestamp;
use super::database::newest;
use super::entry::Origin;
use super::error::RecordStoreError;
use super::reader::RecordReader;
use super::store::RecordStore;

/// So many are kept: a stick that is put in again and again, or a folder that is listed at every start, must not fill
/// the disk with what it was refused for.
const MAX_REFUSALS: u64 = 10_000;

const TABLE: &str = include_str!("refusal.sql");

/// Something that was refused without a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRefusal {
    /// Its place among them, from 1.
    pub sequence: u64,
    /// The newest record then; 0 before the first.
    pub record: u64,
    /// When it was refused.
    pub recorded: Timestamp,
    /// Where it came from, by [`Origin::code`].
    pub origin: String,
    /// Why, as a code.
    pub code: String,
    /// What happened and what to do. It names no file of a patient.
    pub reason: String,
}

impl RecordStore {
    /// Writes down that something was refused without a record.
    ///
    /// # Errors
    /// What the database says; then nothing was written.
    pub fn append_refusal(
        &mut self,
        origin: Origin,
        code: &str,
        reason: &str,
        recorded: Timestamp,
    ) -> Result<(), RecordStoreError> {
        self.check_free_space(0)?;
        self.database.write(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(TABLE)?;
            let record = newest(&transaction)?.map_or(0, |head| head.sequence);
            transaction.execute(
                "INSERT INTO refusal (record, recorded_ms, time_trusted, origin, code, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![record, recorded.unix_ms, recorded.trusted, origin.code(), code, reason],
            )?;
            let oldest = "DELETE FROM refusal WHERE sequence <= (SELECT max(sequence) FROM refusal) - ?1";
            transaction.execute(oldest, [MAX_REFUSALS])?;
            transaction.commit()
        })
    }
}

impl RecordReader {
    /// What was refused, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn refusals(&self) -> Result<Vec<RecordedRefusal>, RecordStoreError> {
        self.database.with(|connection| {
            if !there(connection)? {
                return Ok(Vec::new());
            }
            let columns = "sequence, record, recorded_ms, time_trusted, origin, code, reason";
            let mut statement =
                connection.prepare(&format!("SELECT {columns} FROM refusal ORDER BY sequence"))?;
            statement.query_map([], read)?.collect()
        })
    }
}

/// Whether anything was ever refused.
fn there(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refusal')";
    connection.query_row(sql, [], |row| row.get(0))
}

fn read(row: &Row<'_>) -> rusqlite::Result<RecordedRefusal> {
    Ok(RecordedRefusal {
        sequence: row.get(0)?,
        record: row.get(1)?,
        recorded: Timestamp { unix_ms: row.get(2)?, trusted: row.get(3)? },
        origin: row.get(4)?,
        code: row.get(5)?,
        reason: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::super::store::StoreLimits;
    use super::super::verify::VerifyDepth;
    use super::*;

    const LIMITS: StoreLimits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
    const NOW: Timestamp = Timestamp { unix_ms: 1_795_459_341_000, trusted: true };

    fn kept(folder: &std::path::Path) -> Vec<(u64, u64, String)> {
        let refusals = RecordReader::open(folder).expect("opened").refusals().expect("read");
        refusals.into_iter().map(|refused| (refused.sequence, refused.record, refused.code)).collect()
    }

    #[test]
    fn refusals_stand_behind_the_record_before_them_and_outside_the_chain() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        assert_eq!(kept(folder.path()), []);
        let refuse =
            |store: &mut RecordStore, code| store.append_refusal(Origin::Stick, code, "in words", NOW);
        assert_eq!(refuse(&mut store, "writable"), Ok(()));
        store.append(entry(b"a"), None).expect("appended");
        assert_eq!(refuse(&mut store, "no-images"), Ok(()));
        assert_eq!(kept(folder.path()), [(1, 0, "writable".into()), (2, 1, "no-images".into())]);
        let reader = RecordReader::open(folder.path()).expect("opened");
        let last = reader.refusals().expect("read").pop().expect("one");
        let expected = ("stick".to_owned(), "in words".to_owned(), NOW);
        assert_eq!((last.origin, last.reason, last.recorded), expected);
        let found = reader.verify(VerifyDepth::Chain, None).expect("verified");
        assert_eq!((found.records, found.problems), (1, Vec::new()));
    }

    #[test]
    fn a_file_with_refusals_is_of_the_same_version_as_one_without() {
        let version = |refused: bool| {
            let folder = tempfile::tempdir().expect("a folder");
            let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
            if refused {
                store.append_refusal(Origin::Camera, "camera-late", "x", NOW).expect("written");
            }
            let number =
                |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0));
            store.database.with(number) as Result<i64, _>
        };
        assert_eq!(version(true), version(false));
    }

    #[test]
    fn the_newest_are_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        store.append_refusal(Origin::Folder, "first", "x", NOW).expect("written");
        store.append_refusal(Origin::Folder, "second", "x", NOW).expect("written");
        let place = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'refusal'";
        store
            .database
            .with(|connection| connection.execute(place, [MAX_REFUSALS]))
            .expect("as if there had been so many");
        store.append_refusal(Origin::Folder, "last", "x", NOW).expect("written");
        assert_eq!(kept(folder.path()), [(2, 0, "second".into()), (MAX_REFUSALS + 1, 0, "last".into())]);
    }
}
