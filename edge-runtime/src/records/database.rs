//! The SQLite file: opening it, and what is asked of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, TransactionBehavior, params};
use xray_core::heat_map::HeatMap;

use super::chain::{self, ChainHead};
use super::clock::Timestamp;
use super::entry::{ENDED_THE_PROGRAM, Entry, Record};
use super::error::RecordStoreError;
use super::gone;
use super::hash256::Hash256;
use super::heat_maps;
use super::rows::{self, COLUMNS};

/// What brings a file from each version to the next; the first makes it.
const SCHEMA: [&str; 3] =
    [include_str!("schema.sql"), include_str!("heat_map.sql"), include_str!("model_event.sql")];
/// In the file's header, with the application's number: `xray` as text.
const VERSION: usize = SCHEMA.len();
const APPLICATION: i64 = 0x7872_6179;
/// Another program may hold the file for a short time.
const BUSY_TIMEOUT: Duration = if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(10) };

/// Reported records whose image is kept and that a set clock gave a time before the first value, without those that follow
/// within ten records on one of a later time.
const DROPPABLE_BEFORE: &str = "record JOIN reported USING (sequence)
    WHERE time_trusted = 1 AND recorded_ms < ?1 AND sequence NOT IN (SELECT sequence FROM gone)
    AND NOT EXISTS (SELECT 1 FROM record AS before WHERE before.time_trusted = 1 AND before.recorded_ms >= ?1
                    AND before.sequence BETWEEN record.sequence - 10 AND record.sequence - 1)";

/// What became of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It is the newest record.
    New(Record),
    /// The image was recorded before; this is that record.
    Known(Record),
}

pub(super) struct Database {
    connection: Connection,
    file: PathBuf,
}

impl Database {
    /// The database file of a store.
    pub(super) fn path(store: &Path) -> PathBuf {
        store.join("records.sqlite")
    }

    /// Opens the file for appending, creating it if need be.
    pub(super) fn open(store: &Path) -> Result<Self, RecordStoreError> {
        let file = Database::path(store);
        let database =
            Database::connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let empty: bool = database.one("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
        // Before anything is written to a file that may be somebody else's.
        let version = if empty { 0 } else { database.version()? };
        database.with(|connection| {
            connection.pragma_update(None, "journal_mode", "wal")?;
            // Each commit reaches the disk before its result is shown.
            connection.pragma_update(None, "synchronous", "full")?;
            connection.pragma_update(None, "foreign_keys", true)
        })?;
        if version < VERSION {
            let steps = SCHEMA[version..].concat();
            let upgrade = format!(
                "BEGIN IMMEDIATE; {steps} PRAGMA application_id = {APPLICATION}; \
                 PRAGMA user_version = {VERSION}; COMMIT;"
            );
            database.with(|connection| connection.execute_batch(&upgrade))?;
        }
        database.with(gone::make_table)?;
        database.with(gone::make_view)?;
        Ok(database)
    }

    /// Opens the file for reading.
    pub(super) fn open_read_only(store: &Path) -> Result<Self, RecordStoreError> {
        let file = Database::path(store);
        if !file.is_file() {
            return Err(RecordStoreError::Missing { folder: store.to_owned() });
        }
        let database = Database::connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        database.version()?;
        database.with(gone::make_view)?;
        Ok(database)
    }

    fn connect(file: PathBuf, flags: OpenFlags) -> Result<Self, RecordStoreError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&file, flags)
            .map_err(|error| RecordStoreError::database(&file, &error))?;
        let database = Database { connection, file };
        database.with(|connection| connection.busy_timeout(BUSY_TIMEOUT))?;
        Ok(database)
    }

    /// The version of a file of this program; one of an earlier release is read without changes.
    fn version(&self) -> Result<usize, RecordStoreError> {
        let number = |pragma: &str| self.one(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        let known = usize::try_from(version).ok().filter(|version| (1..=VERSION).contains(version));
        if let (APPLICATION, Some(version)) = (application, known) {
            return Ok(version);
        }
        let found = format!("application {application:#x}, version {version}");
        Err(RecordStoreError::Schema { file: self.file.clone(), found })
    }

    pub(super) fn with<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, RecordStoreError> {
        ask(&self.connection).map_err(|error| RecordStoreError::database(&self.file, &error))
    }

    pub(super) fn write<T>(
        &mut self,
        change: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, RecordStoreError> {
        change(&mut self.connection).map_err(|error| RecordStoreError::database(&self.file, &error))
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, RecordStoreError> {
        self.with(|connection| connection.query_row(sql, values, read))
    }

    /// Appends an entry, unless its image is recorded. When this returns it survives a loss of power.
    pub(super) fn append(
        &mut self,
        entry: Entry,
        map: Option<&HeatMap>,
    ) -> Result<Appended, RecordStoreError> {
        if let Some(record) = self.by_image_id(&entry.image_id)? {
            return Ok(Appended::Known(record));
        }
        self.write(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let record = chain::append(newest(&transaction)?, entry);
            rows::insert(&transaction, &record)?;
            map.map_or(Ok(()), |map| heat_maps::insert(&transaction, record.sequence, map))?;
            transaction.commit()?;
            Ok(Appended::New(record))
        })
    }

    pub(super) fn by_image_id(&self, image_id: &Hash256) -> Result<Option<Record>, RecordStoreError> {
        self.record("content = ?1", params![image_id.bytes()])
    }

    pub(super) fn by_sequence(&self, sequence: u64) -> Result<Option<Record>, RecordStoreError> {
        self.record("sequence = ?1", params![i64::try_from(sequence).unwrap_or(i64::MAX)])
    }

    /// The hash of the record at a place, as it is stored.
    pub(super) fn hash_of(&self, sequence: u64) -> Result<Option<Hash256>, RecordStoreError> {
        let Ok(sequence) = i64::try_from(sequence) else { return Ok(None) };
        let sql = "SELECT hash FROM record WHERE sequence = ?1";
        let read = |row: &rusqlite::Row<'_>| row.get::<_, [u8; 32]>(0).map(Hash256::from);
        self.with(|connection| connection.query_row(sql, [sequence], read).optional())
    }

    pub(super) fn heat_map(&self, sequence: u64) -> Result<Option<HeatMap>, RecordStoreError> {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        let read = self.with(|connection| heat_maps::read(connection, sequence))?;
        read.transpose().map_err(|reason| RecordStoreError::Row { sequence, reason })
    }

    fn record(&self, which: &str, values: impl Params) -> Result<Option<Record>, RecordStoreError> {
        let sql = format!("SELECT {COLUMNS} FROM record WHERE {which}");
        let row = self.with(|connection| connection.query_row(&sql, values, rows::read).optional())?;
        row.transpose()
    }

    /// Gives each record in order to `each`, which also sees rows that are none.
    pub(super) fn walk<E: From<RecordStoreError>>(
        &self,
        mut each: impl FnMut(Result<Record, RecordStoreError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| RecordStoreError::database(&self.file, &error);
        let sql = format!("SELECT {COLUMNS} FROM record ORDER BY sequence");
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let mut all = statement.query([]).map_err(failed)?;
        while let Some(row) = all.next().map_err(failed)? {
            each(rows::read(row).map_err(failed)?)?;
        }
        Ok(())
    }

    /// The records of a condition, and rows that are none.
    pub(super) fn select(
        &self,
        which: &str,
        values: impl Params,
    ) -> Result<Vec<Result<Record, RecordStoreError>>, RecordStoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM record WHERE {which}"))?;
            statement.query_map(values, rows::read)?.collect()
        })
    }

    /// Whether a record was handed to people.
    pub(super) fn is_reported(&self, sequence: u64) -> Result<bool, RecordStoreError> {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.one("SELECT EXISTS (SELECT 1 FROM reported WHERE sequence = ?1)", [sequence], |row| row.get(0))
    }

    /// Marks one record as handed to people; gives whether it was not marked before.
    pub(super) fn mark_one(&self, sequence: u64, now: Timestamp) -> Result<bool, RecordStoreError> {
        let one = i64::try_from(sequence).unwrap_or(i64::MAX);
        let sql = "INSERT INTO reported (sequence, at_ms) SELECT sequence, ?2 FROM record \
                   WHERE sequence = ?1 AND sequence NOT IN (SELECT sequence FROM reported)";
        self.with(|connection| connection.execute(sql, params![one, now.unix_ms])).map(|count| count > 0)
    }

    /// Marks what is not marked up to and with `sequence` as handed to people; gives how many that were.
    pub(super) fn mark_reported(&self, sequence: u64, now: Timestamp) -> Result<usize, RecordStoreError> {
        let up_to = i64::try_from(sequence).unwrap_or(i64::MAX);
        let sql = "INSERT INTO reported (sequence, at_ms) SELECT sequence, ?2 FROM record \
                   WHERE sequence <= ?1 AND sequence NOT IN (SELECT sequence FROM reported)";
        self.with(|connection| connection.execute(sql, params![up_to, now.unix_ms]))
    }

    /// How many records were not handed to people yet, up to and with `sequence`.
    pub(super) fn unreported(&self, sequence: u64) -> Result<u64, RecordStoreError> {
        let up_to = i64::try_from(sequence).unwrap_or(i64::MAX);
        let sql = "SELECT count(*) FROM record WHERE sequence <= ?1 \
                   AND sequence NOT IN (SELECT sequence FROM reported)";
        self.one(sql, [up_to], |row| row.get(0))
    }

    /// Bytes of the images that were not given up.
    pub(super) fn image_bytes(&self) -> Result<u64, RecordStoreError> {
        let sql =
            "SELECT coalesce(sum(bytes), 0) FROM record WHERE sequence NOT IN (SELECT sequence FROM gone)";
        self.one(sql, [], |row| row.get(0))
    }

    /// The oldest record that was reported and whose image is still kept.
    pub(super) fn oldest_droppable(&self) -> Result<Option<Record>, RecordStoreError> {
        self.record(
            "sequence = (SELECT min(sequence) FROM reported WHERE sequence NOT IN (SELECT sequence FROM gone))",
            [],
        )
    }

    /// The oldest record without a result whose image is still kept, reported or not; none that ended the program.
    pub(super) fn oldest_without_result(&self) -> Result<Option<Record>, RecordStoreError> {
        let sql = "sequence = (SELECT min(sequence) FROM record WHERE outcome = 'no-result' \
                   AND sequence NOT IN (SELECT sequence FROM gone) AND instr(reasons, ?1) = 0)";
        self.record(sql, [ENDED_THE_PROGRAM])
    }

    /// The oldest reported record whose image is kept and that a set clock gave a time before `recorded_ms`. Neither did it give
    /// a later time to one of the ten before it: a clock that was set back makes records older than they are.
    pub(super) fn oldest_droppable_before(
        &self,
        recorded_ms: i64,
    ) -> Result<Option<Record>, RecordStoreError> {
        let which = format!("sequence = (SELECT min(record.sequence) FROM {DROPPABLE_BEFORE})");
        self.record(&which, [recorded_ms])
    }

    /// How many images [`Database::oldest_droppable_before`] would give one after another, at most.
    pub(super) fn count_droppable_before(&self, recorded_ms: i64) -> Result<u64, RecordStoreError> {
        let sql = format!("SELECT count(*) FROM {DROPPABLE_BEFORE}");
        self.one(&sql, [recorded_ms], |row| row.get(0))
    }

    /// Notes that the image of a record is given up.
    pub(super) fn drop_image(&self, sequence: u64, now: Timestamp) -> Result<(), RecordStoreError> {
        let sql = "INSERT INTO dropped (sequence, at_ms) VALUES (?1, ?2)";
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.with(|connection| connection.execute(sql, params![sequence, now.unix_ms])).map(drop)
    }

    /// Whether the image of a record was given up.
    pub(super) fn is_dropped(&self, sequence: u64) -> Result<bool, RecordStoreError> {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.one("SELECT EXISTS (SELECT 1 FROM gone WHERE sequence = ?1)", [sequence], |row| row.get(0))
    }

    /// The greatest sequence that ever was, as SQLite remembers it.
    pub(super) fn greatest_ever(&self) -> Result<u64, RecordStoreError> {
        let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'record'), 0)";
        self.one(sql, [], |row| row.get(0))
    }

    /// What SQLite's own check finds; empty if all is well.
    pub(super) fn integrity(&self) -> Result<Vec<String>, RecordStoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
            let found: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(found.into_iter().filter(|line| line != "ok").collect())
        })
    }
}

pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<ChainHead>> {
    let sql = "SELECT sequence, hash FROM record ORDER BY sequence DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(ChainHead { sequence: row.get(0)?, hash: row.get::<_, [u8; 32]>(1)?.into() })
    };
    connection.query_row(sql, [], read).optional()
}
