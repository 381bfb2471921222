//! Which files a path on the command line stands for.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// A path that gives no file to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// There is nothing at the path.
    #[error("{}: no such file or folder; check the spelling", .path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// The folder, or one in it, cannot be listed.
    #[error("{}: the folder could not be listed: {reason}; check that you may read it", .path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The operating system's word.
        reason: String,
    },
    /// No file is in the folder or below it.
    #[error("{}: the folder holds no images; name the folder that the X-rays lie in", .path.display())]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
}

/// The files that `path` stands for: itself, or every regular file below it, sorted by name. Hidden files
/// and folders are passed over, links are not followed, and what is no image is left in: whoever reads it
/// says so, since a file that is silently left out could have been an X-ray.
///
/// # Errors
/// [`ListingError`] if nothing is there, the folder cannot be listed, or no file is in it.
pub fn list_images(path: &Path) -> Result<Vec<PathBuf>, ListingError> {
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ListingError::NotFound { path: path.to_owned() },
        _ => ListingError::Unreadable { path: path.to_owned(), reason: error.to_string() },
    })?;
    if !meta.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let walk = WalkDir::new(path).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)) {
        let entry = entry.map_err(|error| ListingError::Unreadable {
            path: error.path().unwrap_or(path).to_owned(),
            reason: error.to_string(),
        })?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        return Err(ListingError::NoImages { path: path.to_owned() });
    }
    Ok(files)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}
