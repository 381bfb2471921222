//! The file beside an int8 model that holds its comparison with the float model.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xray_core::files::not_found_as_none;

use super::Int8Comparison;

/// The content of `MODEL.onnx.comparison.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ComparisonOfModel<C> {
    /// SHA-256 (hex) of the model file.
    model: String,
    #[serde(flatten)]
    comparison: C,
}

/// Why a comparison beside a model could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}; export the model again for the list of images whose verdict quantising changed", .path.display())]
pub struct ComparisonFileError {
    path: PathBuf,
    reason: String,
}

/// The file of the comparison, with the list of flipped verdicts: `MODEL.onnx.comparison.json`.
pub fn comparison_path(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(".comparison.json");
    name.into()
}

impl Int8Comparison {
    /// Reads the comparison that `export` wrote beside a model. `sha256` (hex) is that of the model; `None` if there is no
    /// file.
    ///
    /// # Errors
    /// [`ComparisonFileError`] if the file cannot be read, or is of another model.
    pub fn read_beside(model: &Path, sha256: &str) -> Result<Option<Int8Comparison>, ComparisonFileError> {
        let path = comparison_path(model);
        let failed = |reason: String| ComparisonFileError { path: path.clone(), reason };
        let read = not_found_as_none(std::fs::read(&path)).map_err(|error| failed(error.to_string()))?;
        let Some(bytes) = read else { return Ok(None) };
        let read: ComparisonOfModel<Int8Comparison> =
            serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        if read.model != sha256 {
            return Err(failed("it is of another model".to_owned()));
        }
        Ok(Some(read.comparison))
    }

    /// With the SHA-256 (hex) of its model, as the file holds it.
    pub(crate) fn of_model(&self, sha256: &str) -> ComparisonOfModel<&Int8Comparison> {
        ComparisonOfModel { model: sha256.to_owned(), comparison: self }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_comparison_belongs_to_the_model_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.onnx");
        assert_eq!(Int8Comparison::read_beside(&model, "aa").unwrap(), None);
        let comparison = Int8Comparison {
            images: 1,
            float_auroc: None,
            int8_auroc: None,
            float_accuracy: 0.0,
            int8_accuracy: 1.0,
            difference_p99: 0.2,
            flips: Vec::new(),
        };
        std::fs::write(
            folder.path().join("m.onnx.comparison.json"),
            serde_json::to_vec(&comparison.of_model("aa")).unwrap(),
        )
        .unwrap();
        assert_eq!(Int8Comparison::read_beside(&model, "aa").unwrap(), Some(comparison));
        let other = Int8Comparison::read_beside(&model, "bb").unwrap_err().to_string();
        assert!(other.contains("m.onnx.comparison.json: it is of another model"), "{other}");
    }
}
