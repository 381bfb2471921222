//! `records erase`: images and heat maps of records, because somebody asked for it.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};

use super::show::find;
use crate::cli::confirm::confirm;
use crate::cli::print_json;
use crate::records::{Record, RecordReader, Timestamp, erase, line};

/// How it is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct EraseOptions {
    pub(super) dry_run: bool,
    pub(super) yes: bool,
    pub(super) json: bool,
}

pub(super) fn run(store: &Path, which: &[String], options: EraseOptions, out: &mut impl Write) -> Result<()> {
    let reader = RecordReader::open(store)?;
    let records = which.iter().map(|which| find(&reader, which)).collect::<Result<Vec<Record>>>()?;
    let numbers: Vec<u64> = records.iter().map(|record| record.sequence).collect();
    if !options.json {
        for record in &records {
            writeln!(out, "{}", line(record))?;
        }
        out.flush()?;
    }
    if options.dry_run {
        return told(&numbers, "would-erase", "would be erased", options, out);
    }
    let question = "Image and heat map of these records are erased for good; the records stay.";
    if !confirm(question, options.yes)? {
        bail!("nothing was erased");
    }
    for number in &numbers {
        erase(store, *number, Timestamp::now())?;
    }
    told(&numbers, "erased", "were erased; the records stay", options, out)
}

fn told(
    numbers: &[u64],
    outcome: &str,
    words: &str,
    options: EraseOptions,
    out: &mut impl Write,
) -> Result<()> {
    if options.json {
        return print_json(out, &serde_json::json!({ "outcome": outcome, "records": numbers }));
    }
    Ok(writeln!(out, "image and heat map of {} records {words}", numbers.len())?)
}
