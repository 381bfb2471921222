//! A folder of a test, with files.

use std::path::{Path, PathBuf};

/// Removed when it is dropped.
pub struct TestFolder(tempfile::TempDir);

impl TestFolder {
    pub fn new() -> Self {
        TestFolder(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file; folders above it are made.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, bytes).expect("written");
    }
}
