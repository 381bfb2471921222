//! `records verify`: whether the store is as it was written.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};

use crate::records::{ChainHead, RecordReader, Verification, VerifyDepth};

/// What is verified.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct VerifyOptions {
    /// Leave the image files out.
    pub(super) chain_only: bool,
    /// A chain head that was noted down before.
    pub(super) holds: Option<ChainHead>,
    pub(super) json: bool,
}

pub(super) fn write(store: &Path, options: VerifyOptions, out: &mut impl Write) -> Result<()> {
    let VerifyOptions { chain_only, holds, json } = options;
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
