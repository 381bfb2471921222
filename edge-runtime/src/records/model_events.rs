//! What happened to the models of a board, chained like records and tied to them.
//!
//! The SHA-256 of an event is taken over fields in the encoding of [`super::chain`], in this order:
//! `xray-edge/model-event/1` as text; sequence; number; place of the newest record then and that record's hash (32
//! bytes, zeros where there was none); time in ms; time trusted (one byte); the event as it is written; the hash of
//! the event before it.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::chain::Encoding;
use super::clock::Timestamp;
use super::database::{Database, newest};
use super::error::RecordStoreError;
use super::hash256::Hash256;
use super::reader::RecordReader;
use super::store::RecordStore;

/// Begins every encoding.
const FORMAT: &str = "xray-edge/model-event/1";

/// An event in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedModelEvent {
    /// Its place, from 1.
    pub sequence: u64,
    /// Its number in the model store.
    pub number: u64,
    /// The newest record then; 0 before the first.
    pub record: u64,
    /// When it was written down.
    pub recorded: Timestamp,
    /// What happened, as JSON.
    pub event: String,
    /// Hash of the event before it; zeros for the first.
    pub previous: Hash256,
    /// Its own hash.
    pub hash: Hash256,
}

impl RecordedModelEvent {
    /// The hash that it must have behind the record with `record_hash`.
    fn hash(&self, record_hash: &Hash256) -> Hash256 {
        let mut all = Encoding::new(FORMAT);
        all.number(self.sequence);
        all.number(self.number);
        all.number(self.record);
        all.field(record_hash.bytes());
        all.field(&self.recorded.unix_ms.to_be_bytes());
        all.field(&[u8::from(self.recorded.trusted)]);
        all.field(self.event.as_bytes());
        all.field(self.previous.bytes());
        Hash256::of(&all.0)
    }
}

impl RecordStore {
    /// Writes an event down, unless one with this number and text is there; gives whether it was not. When this
    /// returns it survives a loss of power.
    ///
    /// # Errors
    /// What the database says; then nothing was written.
    pub fn append_model_event(
        &mut self,
        number: u64,
        event: &str,
        recorded: Timestamp,
    ) -> Result<bool, RecordStoreError> {
        self.database.append_model_event(number, event, recorded)
    }

    /// As [`RecordReader::model_events`].
    ///
    /// # Errors
    /// What the database says.
    pub fn model_events(&self) -> Result<Vec<RecordedModelEvent>, RecordStoreError> {
        self.database.model_events()
    }
}

impl RecordReader {
    /// All events, oldest first; none in a store of a release that had no events.
    ///
    /// # Errors
    /// What the database says.
    pub fn model_events(&self) -> Result<Vec<RecordedModelEvent>, RecordStoreError> {
        self.database.model_events()
    }

    /// How many model events there are, and what is wrong in their chain.
    pub(super) fn check_model_events(&self) -> Result<(u64, Vec<String>), RecordStoreError> {
        let events = self.model_events()?;
        let (mut problems, mut previous) = (Vec::new(), Hash256::NONE);
        for (place, event) in (1..).zip(&events) {
            let record = match event.record {
                0 => Some(Hash256::NONE),
                sequence => self.by_sequence(sequence)?.map(|record| record.hash),
            };
            let sequence = event.sequence;
            match record {
                _ if sequence != place => problems.push(format!("model event {place} is missing")),
                None => problems.push(format!("model event {sequence}: record {} is missing", event.record)),
                Some(record) if event.previous != previous || event.hash != event.hash(&record) => {
                    problems.push(format!("model event {sequence}: it, or the one before it, was changed"));
                }
                Some(_) => {}
            }
            previous = event.hash;
        }
        let greatest = self.database.greatest_model_event_ever()?;
        if events.last().map_or(0, |event| event.sequence) < greatest {
            problems.push(format!("there was a model event {greatest}, and it is missing"));
        }
        Ok((events.len() as u64, problems))
    }
}

impl Database {
    fn append_model_event(
        &mut self,
        number: u64,
        event: &str,
        recorded: Timestamp,
    ) -> Result<bool, RecordStoreError> {
        self.write(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let counted = i64::try_from(number).unwrap_or(i64::MAX);
            let sql = "SELECT EXISTS (SELECT 1 FROM model_event WHERE number = ?1 AND event = ?2)";
            if transaction.query_row(sql, params![counted, event], |row| row.get(0))? {
                return Ok(false);
            }
            let last = last(&transaction)?;
            let (record, record_hash) =
                newest(&transaction)?.map_or((0, Hash256::NONE), |head| (head.sequence, head.hash));
            let mut new = RecordedModelEvent {
                sequence: last.as_ref().map_or(1, |event| event.sequence + 1),
                number,
                record,
                recorded,
                event: event.to_owned(),
                previous: last.map_or(Hash256::NONE, |event| event.hash),
                hash: Hash256::NONE,
            };
            new.hash = new.hash(&record_hash);
            transaction.execute(
                "INSERT INTO model_event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    i64::try_from(new.sequence).unwrap_or(i64::MAX),
                    counted,
                    i64::try_from(record).unwrap_or(i64::MAX),
                    recorded.unix_ms,
                    recorded.trusted,
                    new.event,
                    new.previous.bytes(),
                    new.hash.bytes()
                ],
            )?;
            transaction.commit()?;
            Ok(true)
        })
    }

    fn model_events(&self) -> Result<Vec<RecordedModelEvent>, RecordStoreError> {
        self.with(|connection| {
            if !there(connection)? {
                return Ok(Vec::new());
            }
            let mut statement = connection.prepare("SELECT * FROM model_event ORDER BY sequence")?;
            statement.query_map([], read)?.collect()
        })
    }

    /// The greatest place that an event ever had, as SQLite remembers it.
    fn greatest_model_event_ever(&self) -> Result<u64, RecordStoreError> {
        let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'model_event'), 0)";
        self.with(|connection| connection.query_row(sql, [], |row| row.get(0)))
    }
}

/// Whether the file is of a release that has events.
fn there(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'model_event')";
    connection.query_row(sql, [], |row| row.get(0))
}

fn last(connection: &Connection) -> rusqlite::Result<Option<RecordedModelEvent>> {
    let sql = "SELECT * FROM model_event ORDER BY sequence DESC LIMIT 1";
    connection.query_row(sql, [], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<RecordedModelEvent> {
    Ok(RecordedModelEvent {
        sequence: row.get(0)?,
        number: row.get(1)?,
        record: row.get(2)?,
        recorded: Timestamp { unix_ms: row.get(3)?, trusted: row.get(4)? },
        event: row.get(5)?,
        previous: Hash256::from(row.get::<_, [u8; 32]>(6)?),
        hash: Hash256::from(row.get::<_, [u8; 32]>(7)?),
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
        let reader = RecordReader::open(folder).expect("opened");
        let events = reader.model_events().expect("read");
        events.into_iter().map(|event| (event.number, event.record, event.event)).collect()
    }

    #[test]
    fn an_event_that_comes_again_is_kept_once_and_stands_behind_its_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        assert_eq!(store.append_model_event(0, "{\"a\":1}", NOW), Ok(true));
        store.append(entry(b"a"), None).expect("appended");
        assert_eq!(store.append_model_event(1, "{\"b\":2}", NOW), Ok(true));
        assert_eq!(store.append_model_event(0, "{\"a\":1}", NOW), Ok(false));
        assert_eq!(store.append_model_event(1, "{\"b\":2}", NOW), Ok(false));
        let expected = [(0, 0, "{\"a\":1}".to_owned()), (1, 1, "{\"b\":2}".to_owned())];
        assert_eq!(kept(folder.path()), expected);
        let found = RecordReader::open(folder.path())
            .expect("opened")
            .verify(VerifyDepth::Chain, None)
            .expect("verified");
        assert_eq!((found.events, found.problems), (2, Vec::new()));
    }

    /// By SQL that forges a row, once the triggers are gone.
    #[test]
    fn a_changed_and_a_missing_event_are_found() {
        for (forgery, said) in [
            (
                "UPDATE model_event SET event = '{}' WHERE sequence = 1",
                "model event 1: it, or the one before it",
            ),
            (
                "UPDATE model_event SET record = 0 WHERE sequence = 2",
                "model event 2: it, or the one before it",
            ),
            ("DELETE FROM model_event WHERE sequence = 1", "model event 1 is missing"),
            ("DELETE FROM model_event WHERE sequence = 2", "there was a model event 2"),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
            store.append_model_event(0, "{\"a\":1}", NOW).expect("written");
            store.append(entry(b"a"), None).expect("appended");
            store.append_model_event(1, "{\"b\":2}", NOW).expect("written");
            drop(store);
            let forger = Connection::open(Database::path(folder.path())).expect("opened");
            assert!(forger.execute(forgery, []).is_err(), "{forgery}");
            forger
                .execute_batch(
                    "DROP TRIGGER model_event_is_not_changed; DROP TRIGGER model_event_is_not_deleted",
                )
                .expect("dropped");
            forger.execute(forgery, []).expect("forged");
            drop(forger);
            let reader = RecordReader::open(folder.path()).expect("opened");
            let found = reader.verify(VerifyDepth::Chain, None).expect("verified");
            assert!(found.problems[0].0.contains(said), "{forgery}: {:?}", found.problems);
        }
    }
}
