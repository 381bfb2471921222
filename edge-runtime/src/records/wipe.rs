//! Removing a whole store, when a board is taken out of use.

use std::fs;
use std::io;
use std::path::Path;

use xray_core::files::not_found_as_none;

use super::error::RecordStoreError;
use super::store::lock;

/// What a store consists of. Other files in its folder are somebody else's and stay.
const FILES: [&str; 6] = [
    "records.sqlite",
    "records.sqlite-wal",
    "records.sqlite-shm",
    "records.sqlite-journal",
    "trying",
    "lock",
];
const FOLDERS: [&str; 2] = ["images", "incoming"];

/// Removes records and images for good; gives whether a store was there. No process may be using it.
///
/// # Errors
/// [`RecordStoreError::InUse`], or what the disk says; what was removed before stays removed.
pub fn wipe(folder: &Path) -> Result<bool, RecordStoreError> {
    if !folder.is_dir() {
        return Ok(false);
    }
    let _lock = lock(folder)?;
    for name in FOLDERS {
        remove(&folder.join(name), |path| fs::remove_dir_all(path))?;
    }
    for name in FILES {
        remove(&folder.join(name), |path| fs::remove_file(path))?;
    }
    Ok(true)
}

fn remove(path: &Path, how: impl Fn(&Path) -> io::Result<()>) -> Result<(), RecordStoreError> {
    not_found_as_none(how(path)).map(drop).map_err(|error| RecordStoreError::file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::super::hash256::Hash256;
    use super::super::store::{RecordStore, StoreLimits};
    use super::*;

    #[test]
    fn a_store_goes_and_what_is_not_its_own_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("store");
        assert_eq!(wipe(&store), Ok(false));
        let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
        let mut open = RecordStore::open(&store, limits).expect("opened");
        open.store_image(&Hash256::of(b"a"), b"a").expect("kept");
        open.append(entry(b"a"), None).expect("appended");
        assert_eq!(wipe(&store), Err(RecordStoreError::InUse { folder: store.clone() }));
        drop(open);
        fs::write(store.join("notes.txt"), "somebody's").expect("written");
        assert_eq!(wipe(&store), Ok(true));
        let left: Vec<_> =
            fs::read_dir(&store).expect("listed").map(|entry| entry.expect("one").file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
    }
}
