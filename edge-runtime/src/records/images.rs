//! Image files, named by their image ID (SHA-256).
//!
//! A file appears under its name whole or not at all: it is written in another folder, synced, renamed, and the folder
//! is synced.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};

use xray_core::files;

use super::error::RecordStoreError;
use super::hash256::Hash256;

/// The images of a store.
#[derive(Debug)]
pub struct Images {
    folder: PathBuf,
    incoming: PathBuf,
}

impl Images {
    /// Opens the folder, creating it if need be. What an interrupted run left half-written is removed.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the file.
    pub fn open(store: &Path) -> Result<Self, RecordStoreError> {
        let images = Images::at(store);
        for folder in [&images.folder, &images.incoming] {
            make_folder(folder).map_err(|error| RecordStoreError::file(folder, &error))?;
        }
        for left in entries(&images.incoming)? {
            fs::remove_file(&left).map_err(|error| RecordStoreError::file(&left, &error))?;
        }
        Ok(images)
    }

    /// The images of a store that is opened for reading.
    pub fn at(store: &Path) -> Self {
        Images { folder: store.join("images"), incoming: store.join("incoming") }
    }

    /// The path of an image, whether it is there or not.
    pub fn path(&self, image_id: &Hash256) -> PathBuf {
        let name = image_id.to_string();
        self.folder.join(&name[..2]).join(name)
    }

    /// Stores an image. When this returns it survives a loss of power. An image that is there already is left.
    ///
    /// # Errors
    /// [`RecordStoreError::Full`] or what else the disk says; then the image is not there.
    pub fn put(&self, image_id: &Hash256, bytes: &[u8]) -> Result<PathBuf, RecordStoreError> {
        let path = self.path(image_id);
        if fs::metadata(&path).is_ok_and(|meta| meta.len() == bytes.len() as u64) {
            self.sync(image_id)?;
            return Ok(path);
        }
        let temporary = self.incoming.join(image_id.to_string());
        let stored = store_whole(&temporary, &path, bytes);
        if stored.is_err() {
            // A half-written file on a full disk would keep it full.
            let _ = fs::remove_file(&temporary);
        }
        stored.map_err(|error| RecordStoreError::file(&path, &error))?;
        Ok(path)
    }

    /// Syncs an image and its name: an earlier run may have been killed before it did.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the file.
    pub fn sync(&self, image_id: &Hash256) -> Result<(), RecordStoreError> {
        let path = self.path(image_id);
        let synced = File::open(&path).and_then(|file| file.sync_all()).and_then(|()| {
            path.parent().map_or(Ok(()), files::sync_folder)?;
            files::sync_folder(&self.folder)
        });
        synced.map_err(|error| RecordStoreError::file(&path, &error))
    }

    /// Removes an image; one that is not there is no error.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the file.
    pub fn remove(&self, image_id: &Hash256) -> Result<(), RecordStoreError> {
        let path = self.path(image_id);
        let removed = files::not_found_as_none(fs::remove_file(&path));
        removed.map(|_| ()).map_err(|error| RecordStoreError::file(&path, &error))
    }

    /// The images that are there, sorted. Other names are ignored.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the folder that cannot be listed.
    pub fn list(&self) -> Result<Vec<Hash256>, RecordStoreError> {
        let mut all = Vec::new();
        for shard in entries(&self.folder)? {
            if shard.is_dir() {
                let names = entries(&shard)?;
                all.extend(
                    names.iter().filter_map(|path| path.file_name()?.to_str()?.parse::<Hash256>().ok()),
                );
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    /// Where an image is kept whose bytes do not match its name.
    pub fn quarantined(path: &Path) -> PathBuf {
        path.with_extension("damaged")
    }

    /// Renames an image whose bytes do not match its name; it is kept, and no longer listed.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the file.
    pub fn quarantine(&self, image_id: &Hash256) -> Result<PathBuf, RecordStoreError> {
        let path = self.path(image_id);
        let quarantined = Images::quarantined(&path);
        fs::rename(&path, &quarantined).map_err(|error| RecordStoreError::file(&path, &error))?;
        Ok(quarantined)
    }
}

/// Writes a new file elsewhere and moves it to its path: its folder never holds half a file.
fn store_whole(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    files::not_found_as_none(fs::remove_file(temporary))?;
    files::write_new(temporary, bytes, files::PRIVATE)?;
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    fs::rename(temporary, path)?;
    files::sync_folder(folder)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, RecordStoreError> {
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    list().map_err(|error| RecordStoreError::file(folder, &error))
}

/// Creates a folder that only this user can read, and syncs its name.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    folder.parent().map_or(Ok(()), sync_parent)
}

/// The parent of a relative path of one part is the empty path.
fn sync_parent(folder: &Path) -> io::Result<()> {
    files::sync_folder(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_there_whole_and_leftovers_are_removed() {
        let store = tempfile::tempdir().expect("a folder");
        let images = Images::open(store.path()).expect("opened");
        let image_id = Hash256::of(b"abc");
        let path = images.put(&image_id, b"abc").expect("stored");
        assert!(path.ends_with(format!("images/ba/{image_id}")), "{path:?}");
        assert_eq!(fs::read(&path).expect("there"), b"abc");
        fs::write(store.path().join("incoming").join(Hash256::of(b"x").to_string()), b"half")
            .expect("written");
        fs::write(store.path().join("images/ba/README"), b"").expect("written");
        let images = Images::open(store.path()).expect("opened again");
        assert_eq!(fs::read_dir(store.path().join("incoming")).expect("listed").count(), 0);
        assert_eq!(images.list().expect("listed"), [image_id]);
        images.remove(&image_id).expect("removed");
        images.remove(&image_id).expect("twice");
        assert_eq!(images.list().expect("listed"), []);
    }

    #[test]
    fn an_image_put_aside_is_kept_and_not_listed() {
        let store = tempfile::tempdir().expect("a folder");
        let images = Images::open(store.path()).expect("opened");
        let image_id = Hash256::of(b"abc");
        images.put(&image_id, b"abc").expect("stored");
        let quarantined = images.quarantine(&image_id).expect("renamed");
        assert_eq!(images.list().expect("listed"), []);
        assert_eq!(fs::read(quarantined).expect("there"), b"abc");
    }

    #[cfg(unix)]
    #[test]
    fn only_this_user_can_look_at_images() {
        use std::os::unix::fs::PermissionsExt;
        let store = tempfile::tempdir().expect("a folder");
        let images = Images::open(store.path()).expect("opened");
        let path = images.put(&Hash256::of(b"abc"), b"abc").expect("stored");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().expect("a folder")), 0o700);
    }
}
