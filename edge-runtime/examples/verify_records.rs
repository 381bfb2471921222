//! Verifies the records of a board and prints the newest one.
//!
//! ```sh
//! cargo run --release -p edge-runtime --example verify_records -- /var/lib/edge-runtime/store
//! ```

use std::path::Path;

use anyhow::{Context, Result, ensure};
use edge_runtime::records::{RecordReader, VerifyDepth};

fn main() -> Result<()> {
    let store = std::env::args_os().nth(1).context("usage: verify_records STORE")?;
    let reader = RecordReader::open(Path::new(&store))?;
    let verification = reader.verify(VerifyDepth::Images, None)?;
    for problem in &verification.problems {
        println!("{}", problem.0);
    }
    ensure!(verification.problems.is_empty(), "the store is not as it was written");
    println!("{} records and {} images are as they were written", verification.records, verification.images);
    if let Some(record) = reader.newest()? {
        println!("newest: record {}, {}", record.sequence, record.entry.outcome.words());
    }
    Ok(())
}
