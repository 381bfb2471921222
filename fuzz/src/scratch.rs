//! A file for targets whose code reads a path. It is in memory where there is such a folder.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that goes when the process does.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// An empty folder.
    pub fn new() -> Scratch {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Scratch(folder.expect("a temporary folder"))
    }

    /// The folder.
    #[cfg(feature = "trainer")]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and gives its path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a file in memory");
        path
    }
}
