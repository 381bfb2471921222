//! `records events`: what happened to the models of a board.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use xray_core::screening::{printable, printable_json};

use crate::models::ModelEvent;
use crate::records::RecordReader;

pub(super) fn write(store: &Path, json: bool, out: &mut impl Write) -> Result<()> {
    for event in RecordReader::open(store)?.model_events()? {
        let (time, what) =
            (event.recorded.rfc3339(), serde_json::from_str::<serde_json::Value>(&event.event)?);
        if json {
            let line = serde_json::json!({
                "sequence": event.sequence,
                "number": event.number,
                "record": event.record,
                "recorded": time,
                "time_trusted": event.recorded.trusted,
                "event": what,
                "previous": event.previous.to_string(),
                "hash": event.hash.to_string(),
            });
            writeln!(out, "{}", printable_json(&line.to_string()))?;
        } else {
            let said =
                serde_json::from_value::<ModelEvent>(what).map_or(event.event, |event| event.to_string());
            let doubt = if event.recorded.trusted { "" } else { "?" };
            // A refusal names the file that was on a stick.
            let said = printable(&said);
            writeln!(out, "{:>6}  {time}{doubt}  after record {}: {said}", event.sequence, event.record)?;
        }
    }
    Ok(())
}
