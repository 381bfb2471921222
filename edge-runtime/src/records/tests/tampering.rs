//! Changes to the database file and to images: each is refused or found.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::*;

/// Someone who can write the file and takes the triggers away first.
fn tampered(folder: &Path, sql: &str) -> Connection {
    let connection = Connection::open(file(folder)).expect("opened");
    let no_triggers = "DROP TRIGGER record_is_not_changed; DROP TRIGGER record_is_not_deleted; \
                       DROP TRIGGER record_is_appended; PRAGMA ignore_check_constraints = 1;";
    connection.execute_batch(&format!("{no_triggers} {sql}")).expect("tampered");
    connection
}

#[test]
fn sql_cannot_change_what_is_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = written(folder.path(), &[entry(b"a"), entry(b"b"), entry(b"c")]);
    let connection = Connection::open(file(folder.path())).expect("opened");
    let copy = "SELECT 4, x'00', bytes, origin, recorded_ms, time_trusted, model, threshold, outcome, probability, \
                reasons, intake_us, screening_us, hash, zeroblob(32) FROM record WHERE sequence = 3";
    for sql in [
        "UPDATE record SET probability = 0.9".to_owned(),
        "UPDATE OR REPLACE record SET sequence = 1 WHERE sequence = 2".to_owned(),
        "DELETE FROM record WHERE sequence = 3".to_owned(),
        "DELETE FROM record".to_owned(),
        "REPLACE INTO record SELECT * FROM record WHERE sequence = 2".to_owned(),
        format!("INSERT INTO record {}", copy.replace("4, x'00'", "5, zeroblob(32)")),
        format!("INSERT INTO record {}", copy.replace("x'00'", "content")),
        format!(
            "INSERT INTO record {}",
            copy.replace("4, x'00'", "4, zeroblob(32)").replace(" hash,", " previous,")
        ),
        "INSERT INTO dropped VALUES (1, 0)".to_owned(),
    ] {
        connection.pragma_update(None, "foreign_keys", true).expect("set");
        assert!(connection.execute(&sql, []).is_err(), "{sql}");
    }
    // Were the right one not refused either, the refusals above would prove nothing.
    let right = format!("INSERT INTO record {}", copy.replace("4, x'00'", "4, zeroblob(32)"));
    connection.execute_batch(&format!("BEGIN; {right}; ROLLBACK")).expect("accepted");
    assert_eq!(read_all(folder.path()), Ok(records));
    assert_eq!(problems(folder.path()), []);
}

#[test]
fn records_that_are_missing_or_change_places_are_found() {
    for sql in [
        "DELETE FROM record WHERE sequence = 1",
        "DELETE FROM record WHERE sequence = 2",
        // The newest: nothing in the chain itself misses it.
        "DELETE FROM record WHERE sequence = 3",
        "DELETE FROM record",
        "UPDATE record SET sequence = 9 WHERE sequence = 2; UPDATE record SET sequence = 2 WHERE sequence = 1; \
         UPDATE record SET sequence = 1 WHERE sequence = 9",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        written(folder.path(), &[entry(b"a"), entry(b"b"), entry(b"c")]);
        assert_eq!(problems(folder.path()), [], "before");
        tampered(folder.path(), sql);
        assert_ne!(problems(folder.path()), [], "{sql}");
    }
}

#[test]
fn a_chain_that_was_computed_anew_lacks_the_hash_that_was_noted_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = written(folder.path(), &[entry(b"a"), entry(b"b")]);
    let noted = ChainHead { sequence: 2, hash: records[1].hash };
    let verify = |folder: &Path| {
        let reader = RecordReader::open(folder).expect("opened");
        reader.verify(VerifyDepth::Chain, Some(noted)).expect("verified")
    };
    let found = verify(folder.path());
    assert_eq!((found.records, found.head, found.problems), (2, Some(noted), vec![]));
    let forged = tempfile::tempdir().expect("a folder");
    written(forged.path(), &[Entry { threshold: 0.75, ..entry(b"a") }, entry(b"b"), entry(b"c")]);
    let found = verify(forged.path());
    assert_eq!(found.problems.len(), 1, "{found:?}");
}

#[test]
fn images_that_are_missing_or_changed_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = RecordStore::open(folder.path(), LIMITS).expect("opened");
    for bytes in [b"a", b"b", b"c"] {
        store.store_image(&Hash256::of(bytes), bytes).expect("kept");
        store.append(entry(bytes), None).expect("appended");
    }
    let verify = || {
        let reader = RecordReader::open(folder.path()).expect("opened");
        let found = reader.verify(VerifyDepth::Images, None).expect("verified");
        (found.images, found.problems.len())
    };
    assert_eq!(verify(), (3, 0));
    std::fs::remove_file(store.image(&Hash256::of(b"a"))).expect("removed");
    std::fs::write(store.image(&Hash256::of(b"b")), b"B").expect("changed");
    assert_eq!(verify(), (1, 2));
}

/// Another value of the same type, one bit away, or `None` where there is no bit.
fn flipped(value: &Value, at: usize) -> Option<Value> {
    Some(match value {
        Value::Null => Value::Real(0.5),
        Value::Integer(number) => Value::Integer(number ^ (1 << (at % 64))),
        Value::Real(number) => Value::Real(f64::from_bits(number.to_bits() ^ (1 << (at % 64)))),
        Value::Text(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at % chars.len();
            chars[at] = if chars[at] == 'x' { 'y' } else { 'x' };
            Value::Text(chars.into_iter().collect())
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            let at = at % (bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            Value::Blob(bytes)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_bit_in_any_column_of_any_record_is_found(
        entries in prop::collection::vec(any_entry(), 1..6),
        which: prop::sample::Index,
        column in prop::sample::select(rows::COLUMNS.split(", ").collect::<Vec<_>>()),
        bit: u16,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let records = written(folder.path(), &entries);
        let sequence = which.get(&records).sequence;
        let connection = tampered(folder.path(), "");
        let read = format!("SELECT {column} FROM record WHERE sequence = ?1");
        let value: Value = connection.query_row(&read, [sequence], |row| row.get(0)).expect("there");
        let other = flipped(&value, bit.into()).expect("another");
        // Some sequences cannot be stored, and a float that is no number is stored as none.
        let write = format!("UPDATE OR REPLACE record SET {column} = ?1 WHERE sequence = ?2");
        if connection.execute(&write, rusqlite::params![other, sequence]).is_ok() {
            prop_assert_ne!(problems(folder.path()), vec![]);
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_in_the_file_is_found_or_changes_no_record(
        at: prop::sample::Index,
        bit in 0..8,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let entries: Vec<_> = (0..12u8).map(|byte| entry(&[byte])).collect();
        let records = written(folder.path(), &entries);
        let mut bytes = std::fs::read(file(folder.path())).expect("there");
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        std::fs::write(file(folder.path()), bytes).expect("written");
        let verified = RecordReader::open(folder.path()).and_then(|reader| reader.verify(VerifyDepth::Chain, None));
        if verified.is_ok_and(|found| found.problems.is_empty()) {
            prop_assert_eq!(read_all(folder.path()), Ok(records));
        }
    }
}
