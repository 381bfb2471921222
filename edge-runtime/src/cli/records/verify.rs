//! `records verify`: whether the store is as it was written.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use xray_core::screening::printable;

use crate::records::{ChainHead, Problem, RecordReader, Timestamp, Verification, VerifyDepth, heads_in};

/// Largest file whose heads are looked for, in bytes: an export of half a million records.
const MAX_BYTES: u64 = 256 << 20;

/// What is verified.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct VerifyOptions<'a> {
    /// Leave the image files out.
    pub(super) chain_only: bool,
    /// A chain head that was noted down before.
    pub(super) holds: Option<ChainHead>,
    /// A report or an export that was kept.
    pub(super) against: Option<&'a Path>,
    pub(super) json: bool,
}

pub(super) fn write(store: &Path, options: VerifyOptions<'_>, out: &mut impl Write) -> Result<()> {
    let VerifyOptions { chain_only, holds, against, json } = options;
    let depth = if chain_only { VerifyDepth::Chain } else { VerifyDepth::Images };
    let heads = against.map(kept_heads).transpose()?;
    let reader = RecordReader::open(store)?;
    let mut found = reader.verify(depth, holds)?;
    for head in reader.missing(heads.as_deref().unwrap_or_default())? {
        let problem = format!(
            "record {} with the hash {}, which the file names, is not there",
            head.sequence, head.hash
        );
        found.problems.push(Problem(problem));
    }
    let erased = reader.erased()?;
    found.problems.truncate(Verification::MOST);
    if json {
        writeln!(out, "{}", verified_json(&found, heads.as_deref(), &erased))?;
    } else {
        for problem in &found.problems {
            writeln!(out, "{}", problem.0)?;
        }
        writeln!(out, "{} records and {} images looked at", found.records, found.images)?;
        if found.events > 0 {
            writeln!(out, "{} events of models looked at", found.events)?;
        }
        for (sequence, at) in &erased {
            writeln!(
                out,
                "record {sequence}: image and heat map were erased on request at {}",
                at.rfc3339()
            )?;
        }
        if let Some(heads) = &heads {
            writeln!(out, "{} heads of the file looked for", heads.len())?;
        }
        if let Some(head) = found.head {
            writeln!(out, "newest record {head}")?;
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

/// The heads that a kept file names; there must be one.
fn kept_heads(file: &Path) -> Result<Vec<ChainHead>> {
    let name = printable(&file.display().to_string());
    let mut bytes = Vec::new();
    File::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes)).with_context(
        || format!("{name}: cannot be read; check that it is there and that you may read it"),
    )?;
    ensure!(
        bytes.len() as u64 <= MAX_BYTES,
        "{name}: it has more than {MAX_BYTES} bytes; give an export of one day"
    );
    let heads = heads_in(&bytes);
    ensure!(
        !heads.is_empty(),
        "{name}: it names no record by number and hash; give a report (HTML, DICOM) or an export (CSV, JSON) of this program"
    );
    Ok(heads)
}

fn verified_json(
    found: &Verification,
    heads: Option<&[ChainHead]>,
    erased: &[(u64, Timestamp)],
) -> serde_json::Value {
    serde_json::json!({
        "records": found.records,
        "images": found.images,
        "model_events": found.events,
        "erased": erased.iter().map(|(sequence, _)| sequence).collect::<Vec<_>>(),
        "heads": heads.map(<[ChainHead]>::len),
        "newest": found.head.map(|head| head.to_string()),
        "problems": found.problems.iter().map(|problem| &problem.0).collect::<Vec<_>>(),
    })
}
