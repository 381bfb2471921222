//! `records show`: all of one record.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use xray_core::decision::DISCLAIMER;

use crate::records::{Hash256, Record, RecordReader, RecordRow};
use crate::ui::decimals::decimals_of;

pub(super) fn find(reader: &RecordReader, which: &str) -> Result<Record> {
    let found = match (which.parse::<u64>(), which.parse::<Hash256>()) {
        (Ok(sequence), _) => reader.by_sequence(sequence)?,
        (_, Ok(content)) => reader.by_image_id(&content)?,
        _ => bail!("{which:?} is neither a record's number nor an image ID (SHA-256)"),
    };
    found.with_context(|| format!("there is no record {which}; `edge-runtime records list` shows them"))
}

pub(super) fn write(store: &Path, which: &str, json: bool, out: &mut impl Write) -> Result<()> {
    let reader = RecordReader::open(store)?;
    let record = find(&reader, which)?;
    let row = RecordRow::of(&record);
    if json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&row)?)?);
    }
    let image = match reader.image(&record)? {
        Some(path) => path.display().to_string(),
        None => match reader.erased_at(record.sequence)? {
            Some(at) => format!("erased on request at {}", at.rfc3339()),
            None => "deleted to free space after it was reported".to_owned(),
        },
    };
    let trusted = if row.time_trusted { "" } else { " (the clock was not set)" };
    let digits = decimals_of(&record.entry, None, 4);
    let probability = row.probability.map(|p| format!("{p:.digits$} (threshold {})", row.threshold));
    let lines = [
        ("record", row.sequence.to_string()),
        ("result", record.entry.outcome.words().to_owned()),
        ("probability", probability.unwrap_or_else(|| "none".to_owned())),
        ("reasons", row.reasons.join(", ")),
        ("recorded", format!("{}{trusted}", row.recorded)),
        ("origin", row.origin.to_owned()),
        ("image", format!("{image}, {} bytes", row.bytes)),
        ("content", row.image_id),
        ("model", row.model),
        ("took", format!("{} µs into the store, {} µs screening", row.intake_us, row.screening_us)),
        ("previous", row.previous),
        ("hash", row.hash),
    ];
    for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "{name:<12}{value}")?;
    }
    Ok(writeln!(out, "{DISCLAIMER}")?)
}
