//! The cache of what images look like, in one file, so that only new images are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::LeakError;
use super::look::{BYTES, Look};
use xray_core::files::{PUBLIC, not_found_as_none, write_atomic};

/// Raised with every change of a look.
const NAME: &str = "picture-looks-1.bin";
/// Bytes of a content hash, and of the check in front of all.
const DIGEST: usize = 32;

/// Looks by content.
#[derive(Debug, Default)]
pub(super) struct LookCache {
    looks: BTreeMap<[u8; DIGEST], Look>,
}

impl LookCache {
    /// Those in the folder `cache`; none where there is no file, or one that is not whole.
    pub fn read(cache: &Path) -> Result<LookCache, LeakError> {
        let path = cache.join(NAME);
        let bytes = not_found_as_none(std::fs::read(&path)).map_err(|source| LeakError { path, source })?;
        Ok(bytes.and_then(|bytes| parse(&bytes)).unwrap_or_default())
    }

    /// Writes them to the folder `cache`.
    pub fn write(&self, cache: &Path) -> Result<(), LeakError> {
        let mut rows = Vec::with_capacity(self.looks.len() * (DIGEST + BYTES));
        for (content, look) in &self.looks {
            rows.extend_from_slice(content);
            rows.extend_from_slice(&look.to_bytes());
        }
        let path: PathBuf = cache.join(NAME);
        let bytes = [Sha256::digest(&rows).as_slice(), &rows].concat();
        write_atomic(&path, &bytes, PUBLIC).map_err(|source| LeakError { path, source })
    }

    pub fn get(&self, content: &[u8; DIGEST]) -> Option<Look> {
        self.looks.get(content).copied()
    }

    /// Adds one.
    pub fn insert(&mut self, content: [u8; DIGEST], look: Look) {
        self.looks.insert(content, look);
    }
}

fn parse(bytes: &[u8]) -> Option<LookCache> {
    let (check, rows) = bytes.split_at_checked(DIGEST)?;
    if Sha256::digest(rows).as_slice() != check {
        return None;
    }
    let mut known = LookCache::default();
    for row in rows.chunks(DIGEST + BYTES) {
        let (content, look) = row.split_at_checked(DIGEST)?;
        known.insert(content.try_into().ok()?, Look::from_bytes(look.try_into().ok()?));
    }
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(LookCache::read(folder.path()).unwrap().looks.is_empty());
        let mut known = LookCache::default();
        known.insert([7; DIGEST], Look::from_bytes(&[9; BYTES]));
        known.write(folder.path()).unwrap();
        assert_eq!(LookCache::read(folder.path()).unwrap().get(&[7; DIGEST]), known.get(&[7; DIGEST]));
        let path = folder.path().join(NAME);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(LookCache::read(folder.path()).unwrap().looks.is_empty());
    }
}
