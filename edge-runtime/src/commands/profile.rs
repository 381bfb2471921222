//! `model profile`: where the time of the fused operators goes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use xray_core::engine::{Engine, FusedEngine};
use xray_core::package::PackageFile;
use xray_core::preprocess::InputTensor;

/// All operators of one kind whose results have the same number of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorTime {
    pub name: &'static str,
    /// Rows of the result.
    pub rows: usize,
    /// How many operators these are.
    pub steps: usize,
    /// Multiply-accumulate operations of one image.
    pub macs: u64,
    pub time: Duration,
}

/// Runs the model and gives the time of its fused operators, the longest first.
///
/// # Errors
/// If the file is not a package that may be run, or nothing in it is fused.
pub fn profile(file: &Path, runs: usize, threads: NonZeroUsize) -> Result<Vec<OperatorTime>> {
    let package = PackageFile::read(file)?.verify()?;
    let engine = FusedEngine::load(&package, threads)?;
    ensure!(engine.report().any(), "{}: nothing in it is fused; see `model explain`", file.display());
    // Leaves in the operators' memory what an image leaves there.
    engine.run(&InputTensor::test_pattern(package.contract().preprocessing.size))?;
    let mut kinds = BTreeMap::new();
    for step in engine.profile(runs) {
        let (name, rows) = (step.name, step.shape.1);
        let sum = kinds.entry((name, rows)).or_insert(OperatorTime {
            name,
            rows,
            steps: 0,
            macs: 0,
            time: Duration::ZERO,
        });
        sum.steps += 1;
        sum.macs += step.macs;
        sum.time += step.best;
    }
    let mut all: Vec<_> = kinds.into_values().collect();
    all.sort_by_key(|operator| Reverse(operator.time));
    Ok(all)
}
