//! Writes a model file and the comparison beside it.

use std::path::Path;

use anyhow::Context;
use xray_core::files::{PUBLIC, not_found_as_none, write_atomic};
use xray_core::package::{PackageFile, Precision};

use super::ExportedModel;
use crate::evaluation::{Int8Comparison, comparison_path};

/// Writes a model that verifies as a package, as every device will verify it.
///
/// # Errors
/// If the model does not verify, or a file cannot be written.
pub(in crate::commands) fn write_model(
    bytes: Vec<u8>,
    precision: Precision,
    comparison: Option<Int8Comparison>,
    out: &Path,
) -> anyhow::Result<ExportedModel> {
    let file = PackageFile::from_bytes(out, bytes);
    let exported = ExportedModel {
        path: out.to_owned(),
        bytes: file.bytes().len() as u64,
        sha256: file.sha256().to_owned(),
        precision,
        comparison,
    };
    file.clone().verify()?;
    let write = |path: &Path, bytes: &[u8]| {
        write_atomic(path, bytes, PUBLIC).with_context(|| {
            format!("{}: could not be written; check the folder and its space", path.display())
        })
    };
    // The model last: where a model is, its comparison is there, too.
    let beside = comparison_path(out);
    match &exported.comparison {
        Some(comparison) => write(&beside, &serde_json::to_vec_pretty(&comparison.of_model(file.sha256()))?)?,
        // An earlier file would be that of another model.
        None => not_found_as_none(std::fs::remove_file(&beside))
            .map(drop)
            .with_context(|| format!("{}: could not be removed", beside.display()))?,
    }
    write(out, file.bytes())?;
    Ok(exported)
}
