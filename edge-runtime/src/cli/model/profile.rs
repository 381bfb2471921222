//! `model profile`: a table of times.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::cli::print;
use crate::commands::profile::{OperatorTime, profile};

pub(super) fn run(file: &Path, runs: usize, threads: NonZeroUsize, out: &mut impl Write) -> Result<()> {
    let operators = profile(file, runs, threads)?;
    let total: Duration = operators.iter().map(|operator| operator.time).sum();
    let all = OperatorTime {
        name: "all fused operators",
        rows: 0,
        steps: 0,
        macs: operators.iter().map(|operator| operator.macs).sum(),
        time: total,
    };
    let mut text: String =
        operators.iter().map(|operator| line(operator, &operator.rows.to_string(), total)).collect();
    text += &line(&all, "", total);
    text += "columns: operator, rows of its result, steps, ms, % of time, million MAC, GMAC/s\n";
    print(out, &text)
}

fn line(operator: &OperatorTime, rows: &str, total: Duration) -> String {
    let OperatorTime { name, steps, macs, time, .. } = operator;
    let (seconds, milliseconds) = (time.as_secs_f64(), time.as_secs_f64() * 1e3);
    let percent = 100.0 * seconds / total.as_secs_f64();
    let (millions, speed) = (*macs as f64 / 1e6, *macs as f64 / seconds / 1e9);
    format!(
        "{name:<28} {rows:>5} {steps:>6} {milliseconds:>9.3} {percent:>6.1} {millions:>9.1} {speed:>8.1}\n"
    )
}
