//! Screening by the program of the board.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use edge_runtime::commands::Outcome;
use edge_runtime::commands::screen::{self, ModelSource, ScreenOptions};
use edge_runtime::ui::lights::NoLights;
use serde_json::Value;
use xray_core::screening::ReportFormat;
use xray_decode::{DecodeLimits, Decoder};

/// Screens images and folders as `edge-runtime screen --json` does.
pub fn screened(model: &Path, paths: &[PathBuf]) -> Result<(Vec<Value>, Outcome)> {
    let mut rows = Vec::new();
    let options = ScreenOptions {
        model: ModelSource::File(model.to_owned()),
        paths: paths.to_vec(),
        format: ReportFormat::JsonLines,
        pause: Duration::ZERO,
        decoder: Decoder::of_program(env!("CARGO_BIN_EXE_decode-child").into(), DecodeLimits::default()),
        ..ScreenOptions::default()
    };
    let outcome = screen::run(&options, &NoLights, &mut rows, &mut Vec::new())?;
    let rows = String::from_utf8(rows)?;
    Ok((rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?, outcome))
}
