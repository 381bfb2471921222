//! Heat maps of records, beside the chain: one goes in with its record or not at all.

use rusqlite::{Connection, OptionalExtension, params};
use xray_core::heat_map::HeatMap;

/// Keeps the heat map of the record at `sequence`.
pub(super) fn insert(connection: &Connection, sequence: u64, map: &HeatMap) -> rusqlite::Result<()> {
    let sql = "INSERT INTO heat_map (sequence, side, cells) VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![sequence, map.side(), map.to_bytes()]).map(drop)
}

/// The heat map of a record, where it has one; the inner error says why it cannot be read.
pub(super) fn read(
    connection: &Connection,
    sequence: i64,
) -> rusqlite::Result<Option<Result<HeatMap, String>>> {
    // A store of an earlier release that was not written to since has no such table.
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'heat_map')";
    if !connection.query_row(sql, [], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    let sql = "SELECT side, cells FROM heat_map WHERE sequence = ?1";
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get::<_, usize>(0)?, row.get::<_, Vec<u8>>(1)?));
    let found = connection.query_row(sql, [sequence], columns).optional()?;
    let read = |(side, cells): (usize, Vec<u8>)| HeatMap::from_bytes(side, &cells);
    Ok(found.map(|columns| read(columns).map_err(|error| format!("its heat map: {error}"))))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use xray_core::heat_map::HeatMap;

    use super::super::database::Database;
    use super::super::entry::tests::entry;
    use super::super::*;

    const LIMITS: StoreLimits = StoreLimits { quota: None, keep_days: None, reserve: 0 };

    fn map() -> HeatMap {
        HeatMap::new(2, vec![0.0, 0.5, 1.25, 0.0]).expect("a map")
    }

    fn heat_map(folder: &std::path::Path, sequence: u64) -> Result<Option<HeatMap>, RecordStoreError> {
        RecordReader::open(folder)?.heat_map(sequence)
    }

    #[test]
    fn a_map_is_kept_with_its_record_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        store.append(entry(b"a"), Some(&map())).expect("appended");
        store.append(entry(b"b"), None).expect("appended");
        // A content that is known keeps what it has.
        let other = HeatMap::new(1, vec![9.0]).expect("a map");
        store.append(entry(b"a"), Some(&other)).expect("known");
        assert_eq!(store.heat_map(1), Ok(Some(map())));
        assert_eq!(heat_map(folder.path(), 1), Ok(Some(map())));
        assert_eq!(heat_map(folder.path(), 2), Ok(None));
        assert_eq!(heat_map(folder.path(), u64::MAX), Ok(None));
        let reader = RecordReader::open(folder.path()).expect("opened");
        assert_eq!(reader.verify(VerifyDepth::Chain, None).expect("verified").problems, []);
    }

    #[test]
    fn what_is_no_map_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        store.append(entry(b"a"), Some(&map())).expect("appended");
        let connection = Connection::open(Database::path(folder.path())).expect("opened");
        let nan = "UPDATE heat_map SET cells = x'0000c07f0000c07f0000c07f0000c07f'";
        connection.execute(nan, []).expect("changed");
        let error = heat_map(folder.path(), 1).expect_err("no map");
        assert!(matches!(error, RecordStoreError::Row { sequence: 1, .. }), "{error}");
        assert!(connection.execute("UPDATE heat_map SET cells = x'00'", []).is_err());
    }

    /// A store of a release without heat maps.
    fn of_version_1(folder: &std::path::Path) -> Vec<Record> {
        let mut store = RecordStore::open(folder, LIMITS).expect("opened");
        let appended = [b"a", b"b"].map(|bytes| store.append(entry(bytes), None).expect("appended"));
        drop(store);
        let connection = Connection::open(Database::path(folder)).expect("opened");
        connection
            .execute_batch("DROP TABLE heat_map; DROP TABLE model_event; PRAGMA user_version = 1")
            .expect("made old");
        appended.map(|(Appended::New(record) | Appended::Known(record))| record).to_vec()
    }

    #[test]
    fn an_older_store_is_read_as_it_is_and_brought_up_when_it_is_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let records = of_version_1(folder.path());
        assert_eq!(heat_map(folder.path(), 1), Ok(None));
        let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
        assert_eq!(store.known(&records[0].entry.image_id), Ok(Some(records[0].clone())));
        assert_eq!(store.heat_map(1), Ok(None));
        let Ok(Appended::New(third)) = store.append(entry(b"c"), Some(&map())) else { panic!("not new") };
        assert_eq!(third.previous, records[1].hash);
        assert_eq!(store.heat_map(3), Ok(Some(map())));
        let reader = RecordReader::open(folder.path()).expect("opened");
        assert_eq!(reader.verify(VerifyDepth::Chain, None).expect("verified").problems, []);
    }

    #[test]
    fn a_store_of_a_later_release_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        of_version_1(folder.path());
        let connection = Connection::open(Database::path(folder.path())).expect("opened");
        connection.execute_batch("PRAGMA user_version = 99").expect("made new");
        for error in [RecordStore::open(folder.path(), LIMITS).err(), RecordReader::open(folder.path()).err()]
        {
            assert!(matches!(error, Some(RecordStoreError::Schema { .. })), "{error:?}");
        }
    }
}
