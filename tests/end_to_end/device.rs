//! Screening by the program of the board.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use edge_runtime::cli::source::ModelSource;
use edge_runtime::cli::{Outcome, screen};
use edge_runtime::outputs::lights::Dark;
use serde_json::Value;
use xray_core::engine::EngineChoice;
use xray_core::screening::Format;

/// Screens images and folders as `edge-runtime screen --json` does.
pub fn screened(model: &Path, paths: &[PathBuf]) -> Result<(Vec<Value>, Outcome)> {
    let mut rows = Vec::new();
    let outcome = screen::run(
        (&ModelSource::File(model.to_owned()), EngineChoice::Auto.into()),
        (paths, false),
        (Format::JsonLines, None),
        (&Dark, Duration::ZERO),
        &mut rows,
        &mut Vec::new(),
    )?;
    let rows = String::from_utf8(rows)?;
    Ok((rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?, outcome))
}
