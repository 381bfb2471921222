//! `records refusals`: what was refused without a record, for people and for other programs.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use xray_core::screening::printable;

use crate::records::{ExportFormat, RecordReader, RecordedRefusal};

/// A refusal as other programs see it; the fields are the columns of the CSV, in this order.
#[derive(Serialize)]
struct RefusalRow {
    sequence: u64,
    recorded: String,
    time_trusted: bool,
    after_record: u64,
    origin: String,
    code: String,
    reason: String,
}

const HEADER: [&str; 7] =
    ["sequence", "recorded", "time_trusted", "after_record", "origin", "code", "reason"];

impl From<RecordedRefusal> for RefusalRow {
    fn from(refused: RecordedRefusal) -> Self {
        RefusalRow {
            sequence: refused.sequence,
            recorded: refused.recorded.rfc3339(),
            time_trusted: refused.recorded.trusted,
            after_record: refused.record,
            origin: refused.origin,
            code: refused.code,
            // It can name a device as a stick's maker called it.
            reason: printable(&refused.reason),
        }
    }
}

/// Writes those of a day, or all.
///
/// # Errors
/// If the store cannot be read, or `out` cannot be written.
pub(super) fn write(store: &Path, form: ExportFormat, day: Option<&str>, out: &mut impl Write) -> Result<()> {
    let all = RecordReader::open(store)?.refusals()?.into_iter().map(RefusalRow::from);
    let rows = all.filter(|row| day.is_none_or(|day| row.recorded.starts_with(day)));
    match form {
        ExportFormat::Text => {
            for row in rows {
                let doubt = if row.time_trusted { "" } else { "?" };
                let RefusalRow { sequence, recorded, after_record, origin, code, reason, .. } = row;
                writeln!(
                    out,
                    "{sequence:>6}  {recorded}{doubt}  after record {after_record}: {origin}: {code}: {reason}"
                )?;
            }
        }
        ExportFormat::Json => {
            for row in rows {
                writeln!(out, "{}", serde_json::to_string(&row)?)?;
            }
        }
        ExportFormat::Csv => {
            let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(out);
            table.write_record(HEADER)?;
            for row in rows {
                table.serialize(row)?;
            }
            table.flush().context("the output could not be written")?;
        }
    }
    Ok(())
}
