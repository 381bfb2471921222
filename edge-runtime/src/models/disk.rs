//! What the model store does to a disk, as a trait, so that tests can simulate one that loses power.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use xray_core::files;

/// One flat folder. What is not synced may be lost, in part or whole, with the power.
pub trait Disk {
    /// Held while the folder is changed.
    type Lock;

    /// Waits until no other process changes the folder.
    ///
    /// # Errors
    /// The operating system's error.
    fn lock(&self) -> io::Result<Self::Lock>;

    /// The content of a file, at most `limit` + 1 bytes of it; none if there is no such file.
    ///
    /// # Errors
    /// The operating system's error.
    fn read(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>>;

    /// Writes a new file that replaces one of that name. When this returns its content is synced, its name is not.
    ///
    /// # Errors
    /// The operating system's error.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Renames a file; one of the new name is replaced. All of that happens or nothing; it is not synced.
    ///
    /// # Errors
    /// The operating system's error.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Syncs names: all that was written, renamed and removed before.
    ///
    /// # Errors
    /// The operating system's error.
    fn sync(&self) -> io::Result<()>;

    /// Removes a file if it is there; this is not synced.
    ///
    /// # Errors
    /// The operating system's error.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Names of the files.
    ///
    /// # Errors
    /// The operating system's error.
    fn names(&self) -> io::Result<Vec<String>>;

    /// The path of a file, for messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// Name of the file that is locked. It is empty and stays.
const LOCK: &str = "lock";

/// A folder of the file system. It is made when it is locked for the first time.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    path: PathBuf,
}

impl ModelFolder {
    /// The folder at this path, which need not be there.
    pub fn new(path: &Path) -> Self {
        ModelFolder { path: path.to_owned() }
    }

    fn make(&self) -> io::Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.path)?;
        // Its own name is an entry of the folder above.
        match self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => files::sync_folder(parent),
            None => Ok(()),
        }
    }
}

impl Disk for ModelFolder {
    type Lock = File;

    fn lock(&self) -> io::Result<File> {
        self.make()?;
        let path = self.path.join(LOCK);
        // Another user may have made it: to lock it, reading is enough.
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                OpenOptions::new().create(true).truncate(false).write(true).open(&path)?
            }
            other => other?,
        };
        file.lock()?;
        Ok(file)
    }

    fn read(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = files::not_found_as_none(File::open(self.path.join(name)))? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // Never into a file that is there: a crash can leave two names for one file.
        self.remove(name)?;
        files::write_new(&self.path.join(name), bytes, files::PUBLIC)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync(&self) -> io::Result<()> {
        files::sync_folder(&self.path)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        files::not_found_as_none(std::fs::remove_file(self.path.join(name))).map(|_| ())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.path)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.filter(|name| !matches!(name, Ok(name) if name == LOCK)).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
