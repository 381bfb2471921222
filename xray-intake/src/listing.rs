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
        /// The operating system's message.
        reason: String,
    },
    /// No file is in the folder or below it.
    #[error("{}: the folder holds no images; name the folder that holds the X-rays", .path.display())]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
}

impl ListingError {
    /// A fixed word for machines, the same in every release.
    pub fn code(&self) -> &'static str {
        match self {
            ListingError::NotFound { .. } => "not-found",
            ListingError::Unreadable { .. } => "unreadable",
            ListingError::NoImages { .. } => "no-images",
        }
    }

    /// The path that gave no file.
    pub fn path(&self) -> &Path {
        match self {
            ListingError::NotFound { path }
            | ListingError::Unreadable { path, .. }
            | ListingError::NoImages { path } => path,
        }
    }
}

/// The files that `path` stands for: itself, or every regular file below it, sorted by name. Hidden files
/// and folders are passed over, links are not followed, and what is no image is left in: the caller who reads it
/// says so, since a file that is silently left out could have been an X-ray.
///
/// # Errors
/// [`ListingError`] if nothing is there, the folder cannot be listed, or no file is in it.
pub fn list_images(path: &Path) -> Result<Vec<PathBuf>, ListingError> {
    list_all(path).into_iter().collect()
}

/// As [`list_images`], but what cannot be listed stands among the files that could be: one locked folder
/// does not keep the rest from being read. Never empty.
pub fn list_all(path: &Path) -> Vec<Result<PathBuf, ListingError>> {
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return vec![Err(ListingError::NotFound { path: path.to_owned() })];
        }
        Err(error) => {
            return vec![Err(ListingError::Unreadable { path: path.to_owned(), reason: error.to_string() })];
        }
    };
    if !meta.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let walk = WalkDir::new(path).sort_by_file_name().into_iter();
    let entries = walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    let mut files: Vec<_> = entries
        .filter_map(|entry| match entry {
            Ok(entry) => entry.file_type().is_file().then(|| Ok(entry.into_path())),
            Err(error) => Some(Err(ListingError::Unreadable {
                path: error.path().unwrap_or(path).to_owned(),
                reason: error.io_error().map_or_else(|| error.to_string(), ToString::to_string),
            })),
        })
        .collect();
    if files.is_empty() {
        files.push(Err(ListingError::NoImages { path: path.to_owned() }));
    }
    files
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}
