//! `runs`: the finished runs in some folders.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::Serialize;

use crate::run::{RunDir, RunRecord};

/// A run with its folder.
#[derive(Debug, Serialize)]
pub struct ListedRun {
    pub folder: String,
    #[serde(flatten)]
    pub record: RunRecord,
}

/// The runs that are named, or lie directly in folders that are named.
///
/// # Errors
/// If a folder or a run cannot be read, or there is no run.
pub fn list_runs(folders: &[PathBuf]) -> anyhow::Result<Vec<ListedRun>> {
    let mut listed = Vec::new();
    for folder in folders {
        for run in runs_in(folder)? {
            let (record, _) = RunDir::new(&run).read()?;
            listed.push(ListedRun { folder: run.display().to_string(), record });
        }
    }
    ensure!(
        !listed.is_empty(),
        "there is no finished run in the folders that were named; make one with `host-trainer fit`"
    );
    Ok(listed)
}

/// The folder itself if it is a run, else the runs directly in it, by name.
fn runs_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if RunDir::new(folder).is_finished() {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{}: cannot be listed; name a run or a folder of runs", folder.display()))?;
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if RunDir::new(&path).is_finished() {
            runs.push(path);
        }
    }
    runs.sort();
    Ok(runs)
}
