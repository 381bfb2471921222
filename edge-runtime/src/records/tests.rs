//! The chain against what it is for: no two records with one encoding, and no change unseen.

use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::entry::tests::entry;
use super::*;

const LIMITS: StoreLimits = StoreLimits { quota: None, keep_days: None, reserve: 0 };

prop_compose! {
    fn any_hash()(bytes: [u8; 32]) -> Hash256 { bytes.into() }
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let read =
        |code, probability, reasons| Outcome::from_columns(code, probability, reasons).expect("an outcome");
    prop_oneof![
        (prop_oneof![Just("no-sign"), Just("uncertain"), Just("pneumonia-suspected")], 0.0..=1.0)
            .prop_map(move |(code, probability): (_, f64)| read(code, Some(probability), Vec::new())),
        prop::collection::vec(any::<String>(), 1..4).prop_map(move |reasons| read(
            "no-result",
            None,
            reasons
        )),
    ]
}

prop_compose! {
    fn any_entry()(
        image_id in any_hash(),
        bytes in 0..=i64::MAX as u64,
        origin in prop::sample::select(Origin::ALL.to_vec()),
        unix_ms: i64,
        trusted: bool,
        model in any_hash(),
        threshold in 0.0..1.0,
        outcome in any_outcome(),
        intake_us in 0..=i64::MAX as u64,
        screening_us in 0..=i64::MAX as u64,
    ) -> Entry {
        let (recorded, durations) = (Timestamp { unix_ms, trusted }, Durations { intake_us, screening_us });
        Entry { image_id, bytes, origin, recorded, model, threshold, outcome, durations }
    }
}

/// Reads the encoding back, by its description and not by the code that writes it.
fn decode(mut bytes: &[u8]) -> Option<(u64, Hash256, Entry)> {
    let mut field = || {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (field, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        bytes = rest;
        Some(field.to_vec())
    };
    fn number(field: Vec<u8>) -> Option<u64> {
        Some(u64::from_be_bytes(field.try_into().ok()?))
    }
    fn hash(field: Vec<u8>) -> Option<Hash256> {
        Some(<[u8; 32]>::try_from(field).ok()?.into())
    }
    fn text(field: Vec<u8>) -> Option<String> {
        String::from_utf8(field).ok()
    }
    (field()? == b"xray-edge/record/1").then_some(())?;
    let (sequence, previous) = (number(field()?)?, hash(field()?)?);
    let (image_id, bytes_) = (hash(field()?)?, number(field()?)?);
    let origin = Origin::from_code(&text(field()?)?)?;
    let unix_ms = i64::from_be_bytes(field()?.try_into().ok()?);
    let trusted = match field()?.as_slice() {
        [0] => false,
        [1] => true,
        _ => return None,
    };
    let model = hash(field()?)?;
    let threshold = f64::from_bits(number(field()?)?);
    let code = text(field()?)?;
    let probability = field()?;
    let probability = if probability.is_empty() { None } else { Some(f64::from_bits(number(probability)?)) };
    let durations = Durations { intake_us: number(field()?)?, screening_us: number(field()?)? };
    let count = number(field()?)?;
    let reasons = (0..count).map(|_| text(field()?)).collect::<Option<Vec<_>>>()?;
    let outcome = Outcome::from_columns(&code, probability, reasons)?;
    let recorded = Timestamp { unix_ms, trusted };
    let entry = Entry { image_id, bytes: bytes_, origin, recorded, model, threshold, outcome, durations };
    bytes.is_empty().then_some((sequence, previous, entry))
}

/// A store with these records, closed, so that all lies in one file.
fn written(folder: &Path, entries: &[Entry]) -> Vec<Record> {
    let mut store = RecordStore::open(folder, LIMITS).expect("opened");
    let append = |entry: &Entry| match store.append(entry.clone(), None).expect("appended") {
        Appended::New(record) | Appended::Known(record) => record,
    };
    entries.iter().map(append).collect()
}

fn file(folder: &Path) -> std::path::PathBuf {
    database::Database::path(folder)
}

/// Someone who can write the file and takes the triggers away first.
fn tampered(folder: &Path, sql: &str) -> Connection {
    let connection = Connection::open(file(folder)).expect("opened");
    let no_triggers = "DROP TRIGGER record_is_not_changed; DROP TRIGGER record_is_not_deleted; \
                       DROP TRIGGER record_is_appended; PRAGMA ignore_check_constraints = 1;";
    connection.execute_batch(&format!("{no_triggers} {sql}")).expect("tampered");
    connection
}

fn problems(folder: &Path) -> Vec<Problem> {
    let reader = RecordReader::open(folder).expect("opened");
    reader.verify(VerifyDepth::Chain, None).expect("verified").problems
}

fn read_all(folder: &Path) -> Result<Vec<Record>, RecordStoreError> {
    let mut all = Vec::new();
    RecordReader::open(folder)?.walk::<RecordStoreError>(|record| {
        all.push(record);
        Ok(())
    })?;
    Ok(all)
}

#[test]
fn hashes_are_those_that_another_program_computes() {
    // scripts/oracle/record_chain.py --example
    let first = chain::append(None, entry(b"a"));
    assert_eq!(first.hash.to_string(), "d0c3a6b47563e087ca39ddc82395386f8c4d14f4791aefb62b9162831e595344");
    let second = Entry {
        origin: Origin::Stick,
        recorded: Timestamp { unix_ms: -5, trusted: false },
        outcome: Outcome::NoResult { reasons: vec!["truncated".into(), "ä".into()] },
        durations: Durations { intake_us: 1500, screening_us: 0 },
        ..entry(b"b")
    };
    let second = chain::append(Some(ChainHead { sequence: 1, hash: first.hash }), second);
    assert_eq!(second.hash.to_string(), "541eacda801def3dceb505ff8906c059f7799e7a9c8e1de459c2bcb254349e6e");
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
    // Were the right one not refused either, the refusals above would self_test nothing.
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
    #[test]
    fn an_encoding_stands_for_one_record(sequence: u64, previous in any_hash(), entry in any_entry()) {
        let decoded = decode(&chain::encode(sequence, previous, &entry));
        prop_assert_eq!(decoded, Some((sequence, previous, entry)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_appended_is_read_and_verifies(entries in prop::collection::vec(any_entry(), 1..6)) {
        let folder = tempfile::tempdir().expect("a folder");
        let records = written(folder.path(), &entries);
        prop_assert_eq!(read_all(folder.path()), Ok(records));
        prop_assert_eq!(problems(folder.path()), vec![]);
    }

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
