//! Between a record and its row.

use rusqlite::{Connection, Row, params};

use super::clock::Timestamp;
use super::entry::{Durations, Entry, Origin, Outcome, Record};
use super::error::RecordStoreError;
use super::hash256::Hash256;

/// The columns in the order in which [`read`] takes them.
pub const COLUMNS: &str = "sequence, content, bytes, origin, recorded_ms, time_trusted, model, threshold, \
                                  outcome, probability, reasons, intake_us, screening_us, previous, hash";

/// Inserts a record. Its numbers fit SQLite's signed ones: bytes and microseconds are far below.
pub fn insert(connection: &Connection, record: &Record) -> rusqlite::Result<()> {
    let entry = &record.entry;
    let reasons = serde_json::to_string(entry.outcome.reasons())
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let sql = format!(
        "INSERT INTO record ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    );
    let values = params![
        record.sequence,
        entry.image_id.bytes(),
        entry.bytes,
        entry.origin.code(),
        entry.recorded.unix_ms,
        entry.recorded.trusted,
        entry.model.bytes(),
        entry.threshold,
        entry.outcome.code(),
        entry.outcome.probability(),
        reasons,
        entry.durations.intake_us,
        entry.durations.screening_us,
        record.previous.bytes(),
        record.hash.bytes(),
    ];
    connection.execute(&sql, values).map(drop)
}

/// The record of a row; the inner error if the row is none.
pub fn read(row: &Row<'_>) -> rusqlite::Result<Result<Record, RecordStoreError>> {
    let sequence = row.get(0)?;
    Ok(columns(row).map_err(|reason| RecordStoreError::Row { sequence, reason }))
}

fn columns(row: &Row<'_>) -> Result<Record, String> {
    let unreadable = |error: rusqlite::Error| format!("its row cannot be read ({error})");
    let number = |at: usize| row.get::<_, u64>(at).map_err(unreadable);
    let hash = |at: usize| row.get::<_, [u8; 32]>(at).map(Hash256::from).map_err(unreadable);
    let text = |at: usize| row.get::<_, String>(at).map_err(unreadable);
    let trusted = match number(5)? {
        0 => false,
        1 => true,
        other => return Err(format!("`time_trusted` is {other}")),
    };
    let origin = text(3)?;
    let origin = Origin::from_code(&origin).ok_or_else(|| format!("`{origin}` is no origin"))?;
    let reasons = serde_json::from_str(&text(10)?).map_err(|error| format!("its reasons: {error}"))?;
    let (code, probability) = (text(8)?, row.get(9).map_err(unreadable)?);
    let outcome = Outcome::from_columns(&code, probability, reasons)
        .ok_or_else(|| format!("`{code}`, its probability and its reasons do not belong together"))?;
    let entry = Entry {
        image_id: hash(1)?,
        bytes: number(2)?,
        origin,
        recorded: Timestamp { unix_ms: row.get(4).map_err(unreadable)?, trusted },
        model: hash(6)?,
        threshold: row.get(7).map_err(unreadable)?,
        outcome,
        durations: Durations { intake_us: number(11)?, screening_us: number(12)? },
    };
    Ok(Record { sequence: number(0)?, entry, previous: hash(13)?, hash: hash(14)? })
}
