//! Image files, named by the hash of their content.
//!
//! A file appears under its name whole or not at all: it is written elsewhere, brought to the disk (fsync),
//! renamed, and the folder is brought to the disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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

    /// The images of a store that is only looked at.
    pub fn at(store: &Path) -> Self {
        Images { folder: store.join("images"), incoming: store.join("incoming") }
    }

    /// Where an image lies, or would.
    pub fn path(&self, content: &Hash256) -> PathBuf {
        let name = content.to_string();
        self.folder.join(&name[..2]).join(name)
    }

    /// Stores an image. When this returns it survives a loss of power. An image that is there already is left.
    ///
    /// # Errors
    /// [`RecordStoreError::Full`] or what else the disk says; then the image is not there.
    pub fn put(&self, content: &Hash256, bytes: &[u8]) -> Result<PathBuf, RecordStoreError> {
        let path = self.path(content);
        if fs::metadata(&path).is_ok_and(|meta| meta.len() == bytes.len() as u64) {
            self.sync(content)?;
            return Ok(path);
        }
        let temporary = self.incoming.join(content.to_string());
        let written = write_whole(&temporary, &path, bytes);
        if written.is_err() {
            // A half-written file on a full disk would keep it full.
            let _ = fs::remove_file(&temporary);
        }
        written.map_err(|error| RecordStoreError::file(&path, &error))?;
        Ok(path)
    }

    /// Brings an image that is there to the disk, with its name: an earlier run may have been killed before it did.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the file.
    pub fn sync(&self, content: &Hash256) -> Result<(), RecordStoreError> {
        let path = self.path(content);
        let synced = File::open(&path).and_then(|file| file.sync_all()).and_then(|()| {
            path.parent().map_or(Ok(()), sync_folder)?;
            sync_folder(&self.folder)
        });
        synced.map_err(|error| RecordStoreError::file(&path, &error))
    }

    /// Removes an image; one that is not there is no error.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the file.
    pub fn remove(&self, content: &Hash256) -> Result<(), RecordStoreError> {
        let path = self.path(content);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(RecordStoreError::file(&path, &error)),
            _ => Ok(()),
        }
    }

    /// The images that are there, sorted. What is not called by a hash is passed over.
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

    /// Puts an image aside whose bytes are not those that its name says; it is no longer listed, and kept.
    ///
    /// # Errors
    /// [`RecordStoreError`] names the file.
    pub fn set_aside(&self, content: &Hash256) -> Result<PathBuf, RecordStoreError> {
        let path = self.path(content);
        let aside = path.with_extension("damaged");
        fs::rename(&path, &aside).map_err(|error| RecordStoreError::file(&path, &error))?;
        Ok(aside)
    }
}

/// Writes a file elsewhere, brings it to the disk and puts it in its place.
pub(super) fn write_whole(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    fs::rename(temporary, path)?;
    sync_folder(folder)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, RecordStoreError> {
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    list().map_err(|error| RecordStoreError::file(folder, &error))
}

/// Creates a folder that only this user can look into, and brings its name to the disk.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    folder.parent().map_or(Ok(()), sync_folder)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    // A relative path of one part has the empty path as its folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_there_whole_and_leftovers_are_removed() {
        let store = tempfile::tempdir().expect("a folder");
        let images = Images::open(store.path()).expect("opened");
        let content = Hash256::of(b"abc");
        let path = images.put(&content, b"abc").expect("stored");
        assert!(path.ends_with(format!("images/ba/{content}")), "{path:?}");
        assert_eq!(fs::read(&path).expect("there"), b"abc");
        fs::write(store.path().join("incoming").join(Hash256::of(b"x").to_string()), b"half")
            .expect("written");
        fs::write(store.path().join("images/ba/README"), b"").expect("written");
        let images = Images::open(store.path()).expect("opened again");
        assert_eq!(fs::read_dir(store.path().join("incoming")).expect("listed").count(), 0);
        assert_eq!(images.list().expect("listed"), [content]);
        images.remove(&content).expect("removed");
        images.remove(&content).expect("twice");
        assert_eq!(images.list().expect("listed"), []);
    }

    #[test]
    fn an_image_put_aside_is_kept_and_not_listed() {
        let store = tempfile::tempdir().expect("a folder");
        let images = Images::open(store.path()).expect("opened");
        let content = Hash256::of(b"abc");
        images.put(&content, b"abc").expect("stored");
        let aside = images.set_aside(&content).expect("renamed");
        assert_eq!(images.list().expect("listed"), []);
        assert_eq!(fs::read(aside).expect("there"), b"abc");
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
