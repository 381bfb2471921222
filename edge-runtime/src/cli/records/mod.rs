//! `records`: what was screened, listed, shown, exported, verified; and what was refused without a record.

mod refusals;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use xray_core::decision::DISCLAIMER;
use xray_core::screening::printable;

use crate::models::ModelEvent;
use crate::records::{
    ChainHead, ExportFormat, Exporter, Hash256, Record, RecordReader, RecordRow, Timestamp, Verification,
    VerifyDepth, mark_reported,
};
use crate::ui::decimals::decimals_of;

const HELP: &str = "\
Examples:
  edge-runtime records list
  edge-runtime records show 17
  edge-runtime records export --csv --day 2026-11-23 > day.csv
  edge-runtime records events
  edge-runtime records refusals --csv > refused.csv
  edge-runtime records mark-reported --up-to 200 --dry-run
  edge-runtime records verify --holds 200:1f3a…

The records can be read while `edge-runtime run` writes them.

Exit status: 0 all is well; 1 a record or an image is not as it was written, or the store cannot be read;
2 wrong usage.";

/// The arguments of `records`.
#[derive(Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct RecordsArgs {
    /// The folder that `[record]` in the configuration names
    #[arg(long, value_name = "DIR", default_value = crate::STORE, global = true)]
    store: PathBuf,
    #[command(subcommand)]
    command: RecordsCommand,
}

#[derive(Subcommand)]
enum RecordsCommand {
    /// One line a record, oldest first; a ? behind a time says that the clock was not set
    List {
        /// Only those of this day (UTC)
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
        day: Option<String>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// All of one record, by its number or its image ID (SHA-256)
    Show {
        /// Its number, or its image ID (SHA-256)
        which: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Every field of every record, for other programs
    #[command(group(clap::ArgGroup::new("form").required(true).args(["csv", "json"])))]
    Export {
        /// Comma-separated, with a header
        #[arg(long)]
        csv: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Only those of this day (UTC)
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
        day: Option<String>,
    },
    /// Mark results as handed to people, so that their image files may be deleted when space is needed
    MarkReported {
        /// The last record that was
        #[arg(long, value_name = "NUMBER")]
        up_to: u64,
        /// Only say how many that would be
        #[arg(long)]
        dry_run: bool,
    },
    /// What happened to the models of the board: installed, confirmed, refused, taken back
    Events {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// What was refused without a record: sticks that were not read or hold no image, files that are too large, shots that
    /// failed; the newest 10,000, oldest first
    Refusals {
        /// Only those of this day (UTC)
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
        day: Option<String>,
        /// Comma-separated, with a header
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Check the hash chains, the database and every image file
    Verify {
        /// Leave the image files out, which takes less time
        #[arg(long)]
        chain_only: bool,
        /// A record's number and hash that were noted down before
        #[arg(long, value_name = "NUMBER:HASH", value_parser = chain_head)]
        holds: Option<ChainHead>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Does what is asked and writes to `out`.
///
/// # Errors
/// If the store cannot be read, something in it is not as it was written, or `out` cannot be written.
pub(in crate::cli) fn run(args: &RecordsArgs, out: &mut impl Write) -> Result<()> {
    let written = match &args.command {
        RecordsCommand::List { day, json } => {
            let form = if *json { ExportFormat::Json } else { ExportFormat::Text };
            export(&args.store, form, day.as_deref(), &mut *out)
        }
        RecordsCommand::Export { csv, day, .. } => {
            let form = if *csv { ExportFormat::Csv } else { ExportFormat::Json };
            export(&args.store, form, day.as_deref(), &mut *out)
        }
        RecordsCommand::Show { which, json } => show(&args.store, which, *json, out),
        RecordsCommand::MarkReported { up_to, dry_run } => mark(&args.store, *up_to, *dry_run, out),
        RecordsCommand::Events { json } => events(&args.store, *json, out),
        RecordsCommand::Refusals { day, csv, json } => {
            let form = match (csv, json) {
                (true, _) => ExportFormat::Csv,
                (_, true) => ExportFormat::Json,
                _ => ExportFormat::Text,
            };
            refusals::write(&args.store, form, day.as_deref(), out)
        }
        RecordsCommand::Verify { chain_only, holds, json } => {
            verify(&args.store, *chain_only, *holds, *json, out)
        }
    };
    written.and_then(|()| out.flush().context("the output could not be written"))
}

fn export(store: &Path, form: ExportFormat, day: Option<&str>, out: impl Write) -> Result<()> {
    let written = |error: io::Error| anyhow::Error::new(error).context("the output could not be written");
    let reader = RecordReader::open(store)?;
    let mut exporter = Exporter::new(form, out).map_err(written)?;
    reader.walk(|record| {
        if day.is_none_or(|day| record.entry.recorded.rfc3339().starts_with(day)) {
            exporter.write(&record).map_err(written)?;
        }
        Ok::<(), anyhow::Error>(())
    })?;
    exporter.end().map_err(written)
}

fn events(store: &Path, json: bool, out: &mut impl Write) -> Result<()> {
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
            writeln!(out, "{line}")?;
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

fn find(reader: &RecordReader, which: &str) -> Result<Record> {
    let found = match (which.parse::<u64>(), which.parse::<Hash256>()) {
        (Ok(sequence), _) => reader.by_sequence(sequence)?,
        (_, Ok(content)) => reader.by_image_id(&content)?,
        _ => bail!("{which:?} is neither a record's number nor an image ID (SHA-256)"),
    };
    found.with_context(|| format!("there is no record {which}; `edge-runtime records list` shows them"))
}

fn show(store: &Path, which: &str, json: bool, out: &mut impl Write) -> Result<()> {
    let reader = RecordReader::open(store)?;
    let record = find(&reader, which)?;
    let row = RecordRow::of(&record);
    if json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&row)?)?);
    }
    let image = match reader.image(&record)? {
        Some(path) => path.display().to_string(),
        None => "deleted to free space after it was reported".to_owned(),
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

fn mark(store: &Path, up_to: u64, dry_run: bool, out: &mut impl Write) -> Result<()> {
    if dry_run {
        let count = RecordReader::open(store)?.unreported(up_to)?;
        return Ok(writeln!(out, "{count} records would be marked as reported")?);
    }
    let count = mark_reported(store, up_to)?;
    Ok(writeln!(out, "{count} records marked as reported")?)
}

fn verify(
    store: &Path,
    chain_only: bool,
    holds: Option<ChainHead>,
    json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let depth = if chain_only { VerifyDepth::Chain } else { VerifyDepth::Images };
    let found = RecordReader::open(store)?.verify(depth, holds)?;
    if json {
        writeln!(out, "{}", verified_json(&found))?;
    } else {
        for problem in &found.problems {
            writeln!(out, "{}", problem.0)?;
        }
        writeln!(out, "{} records and {} images looked at", found.records, found.images)?;
        if found.events > 0 {
            writeln!(out, "{} events of models looked at", found.events)?;
        }
        if let Some(ChainHead { sequence, hash }) = found.head {
            writeln!(out, "newest record {sequence}:{hash}")?;
        }
    }
    match found.problems.len() {
        0 => Ok(()),
        Verification::MOST => bail!("at least {} things are not as they were written", Verification::MOST),
        count => bail!(
            "{count} {} not as written; keep the folder as it is and have it looked at",
            if count == 1 { "thing is" } else { "things are" }
        ),
    }
}

fn verified_json(found: &Verification) -> serde_json::Value {
    serde_json::json!({
        "records": found.records,
        "images": found.images,
        "model_events": found.events,
        "newest": found.head.map(|head| format!("{}:{}", head.sequence, head.hash)),
        "problems": found.problems.iter().map(|problem| &problem.0).collect::<Vec<_>>(),
    })
}

/// A day as the times of records begin with it.
fn day(text: &str) -> Result<String, String> {
    let example = || format!("{text:?} is no day; write it as {}", &Timestamp::now().rfc3339()[..10]);
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => Ok(text.to_owned()),
        _ => Err(example()),
    }
}

fn chain_head(text: &str) -> Result<ChainHead, String> {
    let head = text.split_once(':').and_then(|(sequence, hash)| {
        Some(ChainHead { sequence: sequence.parse().ok()?, hash: hash.parse().ok()? })
    });
    head.ok_or_else(|| {
        format!("{text:?} is not a number, a colon and a hash, as `records verify` prints them")
    })
}
