//! `screen`: one model, many images, one row each.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use xray_core::decision::DISCLAIMER;
use xray_core::package::RANDOM_WARNING;
use xray_core::screening::{Format, Screener, screen_paths, write_rows};

use super::Outcome;

/// Loads the model and screens all files under `paths`. Rows go to `out`; the disclaimer, before the first
/// row, and the summary, after the last, go to `notes`.
///
/// # Errors
/// If the model cannot be loaded, or `out` is closed before every image was screened.
pub fn run(
    model: &Path,
    paths: &[PathBuf],
    format: Format,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<Outcome> {
    let screener = Screener::load(model)?;
    if screener.contract().has_random_backbones() {
        note(notes, RANDOM_WARNING);
    }
    note(notes, DISCLAIMER);
    let written = write_rows(&screener, screen_paths(&screener, paths), format, out, |_| {});
    let summary = written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => anyhow::anyhow!("the output was closed before all images were screened"),
        _ => anyhow::Error::new(error).context("the rows could not be written"),
    })?;
    note(notes, &summary.to_string());
    Ok(if summary.is_complete() { Outcome::Complete } else { Outcome::Incomplete })
}

/// A note that cannot be written is no reason to withhold a verdict.
fn note(notes: &mut impl Write, line: &str) {
    let _ = writeln!(notes, "{line}");
}
