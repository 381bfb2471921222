//! `model profile`: where the time of the fused operators goes.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use xray_core::engine::{Engine, FusedEngine};
use xray_core::package::PackageFile;
use xray_core::preprocess::InputTensor;

/// Runs the model and writes the time of its fused operators to `out`, those of one kind and picture size together.
///
/// # Errors
/// If the file is not a package that may be run, nothing in it is fused, or `out` cannot be written.
pub fn run(file: &Path, runs: usize, threads: NonZeroUsize, out: &mut impl Write) -> Result<()> {
    let package = PackageFile::read(file)?.verify()?;
    let engine = FusedEngine::load(&package, threads)?;
    ensure!(engine.report().any(), "{}: nothing in it is fused; see `model explain`", file.display());
    // So that what lies in the operators' memory is what an image leaves there.
    engine.run(&InputTensor::test_pattern(package.contract().preprocessing.size))?;
    let mut kinds: BTreeMap<(&str, usize), (usize, u64, Duration)> = BTreeMap::new();
    for step in engine.profile(runs) {
        let sum = kinds.entry((step.name, step.shape.1)).or_default();
        *sum = (sum.0 + 1, sum.1 + step.macs, sum.2 + step.best);
    }
    let mut rows: Vec<_> = kinds.into_iter().collect();
    rows.sort_by_key(|(_, (_, _, time))| std::cmp::Reverse(*time));
    let total: Duration = rows.iter().map(|(_, (_, _, time))| *time).sum();
    let macs: u64 = rows.iter().map(|(_, (_, macs, _))| *macs).sum();
    let mut line = |name: &str, size: String, steps: usize, macs: u64, time: Duration| {
        let (seconds, milliseconds) = (time.as_secs_f64(), time.as_secs_f64() * 1e3);
        let share = 100.0 * seconds / total.as_secs_f64();
        let speed = macs as f64 / seconds / 1e9;
        writeln!(
            out,
            "{name:<28} {size:>5} {steps:>6} {milliseconds:>9.3} {share:>6.1} {:>9.1} {speed:>8.1}",
            macs as f64 / 1e6
        )
    };
    for ((name, size), (steps, macs, time)) in rows {
        line(name, size.to_string(), steps, macs, time).context("the profile could not be written")?;
    }
    line("all fused operators", String::new(), 0, macs, total).context("the profile could not be written")?;
    writeln!(out, "columns: operator, rows of its result, steps, ms, % of time, million MAC, GMAC/s")
        .context("the profile could not be written")
}
