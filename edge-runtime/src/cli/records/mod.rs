//! `records`: what was screened, listed, shown, exported, verified; and what was refused without a record.

mod erase;
mod events;
mod refusals;
mod show;
mod verify;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use self::erase::EraseOptions;
use self::verify::VerifyOptions;
use crate::records::{ChainHead, ExportFormat, Exporter, RecordReader, Timestamp, mark_reported};

const HELP: &str = "\
Examples:
  edge-runtime records list
  edge-runtime records show 17
  edge-runtime records export --csv --day 2026-11-23 > day.csv
  edge-runtime records events
  edge-runtime records refusals --csv > refused.csv
  edge-runtime records mark-reported --up-to 200 --dry-run
  edge-runtime records erase 17 --dry-run
  edge-runtime records verify --holds 200:1f3a…
  edge-runtime records verify --against report.html

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
    /// Erase image and heat map of records, with all that the image's file says of patient and study; the records stay, so
    /// that the chain does. On flash memory the blocks can be found again until they are used again
    Erase {
        /// Numbers, or image IDs (SHA-256)
        #[arg(required = true, value_name = "NUMBER|HASH")]
        which: Vec<String>,
        /// Only say which that would be
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// One JSON object
        #[arg(long)]
        json: bool,
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
        /// A report (HTML, DICOM) or an export (CSV, JSON) that was kept: each record that it names must be in this chain
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
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
        RecordsCommand::Show { which, json } => show::write(&args.store, which, *json, out),
        RecordsCommand::MarkReported { up_to, dry_run } => mark(&args.store, *up_to, *dry_run, out),
        RecordsCommand::Erase { which, dry_run, yes, json } => {
            let options = EraseOptions { dry_run: *dry_run, yes: *yes, json: *json };
            erase::run(&args.store, which, options, out)
        }
        RecordsCommand::Events { json } => events::write(&args.store, *json, out),
        RecordsCommand::Refusals { day, csv, json } => {
            let form = match (csv, json) {
                (true, _) => ExportFormat::Csv,
                (_, true) => ExportFormat::Json,
                _ => ExportFormat::Text,
            };
            refusals::write(&args.store, form, day.as_deref(), out)
        }
        RecordsCommand::Verify { chain_only, holds, against, json } => {
            let options = VerifyOptions {
                chain_only: *chain_only,
                holds: *holds,
                against: against.as_deref(),
                json: *json,
            };
            verify::write(&args.store, options, out)
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

fn mark(store: &Path, up_to: u64, dry_run: bool, out: &mut impl Write) -> Result<()> {
    if dry_run {
        let count = RecordReader::open(store)?.unreported(up_to)?;
        return Ok(writeln!(out, "{count} records would be marked as reported")?);
    }
    let count = mark_reported(store, up_to)?;
    Ok(writeln!(out, "{count} records marked as reported")?)
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
