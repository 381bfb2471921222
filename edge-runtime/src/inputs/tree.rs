//! Walking an untrusted folder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, IntoIter, WalkDir};

/// Folders in folders that are looked into.
const MAX_DEPTH: usize = 16;

/// Files and folders of one tree that are looked at. A damaged file system can seem to have no end.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// One step of a walk.
pub(super) enum TreeStep {
    /// A regular file.
    File(PathBuf),
    /// Something else, or hidden.
    Other,
    /// A folder that cannot be listed.
    Failed(std::io::Error),
    /// There are more than [`MAX_ENTRIES`].
    TooMany,
    /// That was all.
    End,
}

/// The files below a folder, sorted within each. Links are not followed, nor are other file systems entered; what
/// is hidden or belongs to the system is passed over.
pub(super) struct Tree {
    walk: IntoIter,
    seen: usize,
}

impl Tree {
    pub(super) fn new(root: &Path) -> Self {
        let walk = WalkDir::new(root)
            .follow_links(false)
            .follow_root_links(false)
            .same_file_system(true)
            .max_depth(MAX_DEPTH)
            .sort_by_file_name();
        Tree { walk: walk.into_iter(), seen: 0 }
    }

    pub(super) fn step(&mut self) -> TreeStep {
        if self.seen >= MAX_ENTRIES {
            return TreeStep::TooMany;
        }
        self.seen += 1;
        match self.walk.next() {
            None => TreeStep::End,
            Some(Err(error)) => TreeStep::Failed(
                error.into_io_error().unwrap_or_else(|| std::io::Error::other("a loop of folders")),
            ),
            Some(Ok(entry)) if entry.depth() > 0 && is_passed_over(&entry) => {
                if entry.file_type().is_dir() {
                    self.walk.skip_current_dir();
                }
                TreeStep::Other
            }
            Some(Ok(entry)) if entry.file_type().is_file() => TreeStep::File(entry.into_path()),
            Some(Ok(_)) => TreeStep::Other,
        }
    }
}

fn is_passed_over(entry: &DirEntry) -> bool {
    let system = ["$RECYCLE.BIN", "System Volume Information", "lost+found"];
    let name = entry.file_name();
    name.to_string_lossy().starts_with('.') || system.iter().any(|own| OsStr::new(own) == name)
}
