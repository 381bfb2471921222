//! The chain against what it is for: no two records with one encoding, and no change unseen.

use std::path::Path;

use proptest::prelude::*;

use super::entry::tests::entry;
use super::*;

mod tampering;

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

/// A store with these records, closed, so that all is in one file.
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
}
