//! Real X-rays and weights: they lie outside the repository, where `XRAY_DATA` says.

use std::path::PathBuf;

/// The folder that `XRAY_DATA` names; says loudly that a test was skipped if it is not set.
pub fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("XRAY_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: XRAY_DATA is not set; set it to the folder with the real X-rays");
    }
    folder
}

/// The folder `weights` beside the data; says loudly that a test was skipped if it is missing.
pub fn weights_folder() -> Option<PathBuf> {
    let folder = data_folder()?.parent()?.join("weights");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no real weights in {}", folder.display());
        return None;
    }
    Some(folder)
}
