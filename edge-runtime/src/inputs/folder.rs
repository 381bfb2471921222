//! A watched folder.
//!
//! It is listed again and again rather than watched by inotify: inotify says nothing of what another machine writes
//! to a network share, loses events when its queue is full, and would still need a listing at the start. A listing
//! a second costs one `stat` a file. A file is taken when it has kept its size and time for a while, so one that is
//! still being copied is left alone.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::content::{self, ReadFailure};
use super::tree::{MAX_ENTRIES, Tree, TreeStep};
use super::{IncomingImage, Input, InputError, InputEvent};
use crate::records::Origin;

/// How a folder is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderOptions {
    /// The folder.
    pub path: PathBuf,
    /// How long a file must have kept its size and time.
    pub settle: Duration,
    /// From one listing to the next.
    pub every: Duration,
}

/// What is seen of a file from outside. Another stamp is another content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    bytes: u64,
    modified: (i64, i64),
    inode: u64,
}

#[derive(Debug, Clone, Copy)]
struct SeenFile {
    stamp: FileStamp,
    since: Instant,
    awaited: bool,
    taken: bool,
    /// In which listing it was seen last.
    listing: u64,
}

/// A watched folder.
pub struct FolderInput {
    options: FolderOptions,
    seen: HashMap<PathBuf, SeenFile>,
    ready: VecDeque<PathBuf>,
    listed: Option<Instant>,
    listing: u64,
}

impl FolderInput {
    /// Watches a folder from the first [`Input::poll`] on.
    pub fn new(options: FolderOptions) -> Self {
        FolderInput { options, seen: HashMap::new(), ready: VecDeque::new(), listed: None, listing: 0 }
    }

    fn list(&mut self, now: Instant) -> Result<(), InputError> {
        let folder = self.options.path.display().to_string();
        let unlistable =
            |error: std::io::Error| InputError::Folder { folder: folder.clone(), reason: error.to_string() };
        // The walk itself passes a root over that is no folder.
        fs::read_dir(&self.options.path).map_err(unlistable)?;
        let first = self.listing == 0;
        self.listing += 1;
        let mut tree = Tree::new(&self.options.path);
        loop {
            match tree.step() {
                TreeStep::File(path) => {
                    // Gone again since it was listed: it is no matter.
                    if let Ok(stamp) = stamp(&path) {
                        self.see(path, stamp, first, now);
                    }
                }
                TreeStep::Other => {}
                // A folder that went away between two looks.
                TreeStep::Failed(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                TreeStep::Failed(error) => return Err(unlistable(error)),
                TreeStep::TooMany => return Err(InputError::TooMany { folder, limit: MAX_ENTRIES }),
                TreeStep::End => break,
            }
        }
        let listing = self.listing;
        self.seen.retain(|_, seen| seen.listing == listing);
        let settle = self.options.settle;
        let settled =
            self.seen.iter().filter(|(_, seen)| !seen.taken && now.duration_since(seen.since) >= settle);
        let mut ready: Vec<_> = settled.map(|(path, _)| path.clone()).collect();
        ready.sort_unstable();
        self.ready = ready.into();
        Ok(())
    }

    fn see(&mut self, path: PathBuf, stamp: FileStamp, first: bool, now: Instant) {
        let listing = self.listing;
        let fresh = SeenFile { stamp, since: now, awaited: !first, taken: false, listing };
        self.seen
            .entry(path)
            .and_modify(|seen| {
                // A file that is written over has another stamp and counts as new.
                let same = seen.stamp == stamp;
                *seen =
                    if same { SeenFile { listing, ..*seen } } else { SeenFile { awaited: true, ..fresh } };
            })
            .or_insert(fresh);
    }

    fn take(&mut self, path: &Path, now: Instant) -> Option<InputEvent> {
        let seen = self.seen.get_mut(path)?;
        let began = Instant::now();
        let read = content::read(path);
        // It changed since it was listed, or while it was read: it is left to settle again.
        if stamp(path).ok() != Some(seen.stamp) {
            seen.since = now;
            return None;
        }
        seen.taken = true;
        Some(match read {
            Ok(bytes) => InputEvent::Image(IncomingImage { bytes, awaited: seen.awaited, began }),
            Err(ReadFailure::Refused(refusal)) => InputEvent::Unreadable(refusal),
            Err(ReadFailure::Io(error)) => InputEvent::Unreadable(content::unreadable(&error)),
        })
    }
}

impl Input for FolderInput {
    fn origin(&self) -> Origin {
        Origin::Folder
    }

    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError> {
        let due = self.listed.is_none_or(|listed| now.duration_since(listed) >= self.options.every);
        if self.ready.is_empty() && due {
            self.listed = Some(now);
            self.list(now)?;
        }
        match self.ready.pop_front() {
            None => Ok(InputEvent::Nothing),
            Some(path) => Ok(self.take(&path, now).unwrap_or(InputEvent::Searching)),
        }
    }
}

fn stamp(path: &Path) -> std::io::Result<FileStamp> {
    let meta = fs::symlink_metadata(path)?;
    Ok(FileStamp { bytes: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()), inode: meta.ino() })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Watched {
        place: tempfile::TempDir,
        folder: FolderInput,
        start: Instant,
    }

    impl Watched {
        fn new() -> Self {
            let place = tempfile::tempdir().expect("a folder");
            let (settle, every) = (Duration::from_secs(2), Duration::from_secs(1));
            let folder = FolderInput::new(FolderOptions { path: place.path().to_owned(), settle, every });
            Watched { place, folder, start: Instant::now() }
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            let path = self.place.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            fs::write(path, bytes).expect("written");
        }

        /// What came at this second: contents, and whether they were awaited.
        fn at(&mut self, second: u64) -> Vec<(Vec<u8>, bool)> {
            let mut came = Vec::new();
            loop {
                match self.folder.poll(self.start + Duration::from_secs(second)) {
                    Ok(InputEvent::Image(arrival)) => came.push((arrival.bytes, arrival.awaited)),
                    Ok(InputEvent::Nothing) => return came,
                    Ok(InputEvent::Searching) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_file_comes_once_when_it_has_settled() {
        let mut watched = Watched::new();
        watched.write("b.jpeg", b"old");
        assert_eq!(watched.at(0), []);
        watched.write("deep/er/a.txt", b"new");
        assert_eq!(watched.at(1), []);
        assert_eq!(watched.at(2), [(b"old".to_vec(), false)]);
        assert_eq!(watched.at(3), [(b"new".to_vec(), true)]);
        assert_eq!(watched.at(9), []);
    }

    #[test]
    fn a_file_that_grows_is_left_alone_and_one_that_is_written_over_comes_again() {
        let mut watched = Watched::new();
        watched.at(0);
        for second in 1..6 {
            watched.write("a", &vec![b'x'; second]);
            assert_eq!(watched.at(second as u64), [], "{second}");
        }
        assert_eq!(watched.at(6), []);
        assert_eq!(watched.at(7), [(b"xxxxx".to_vec(), true)]);
        watched.write("a", b"another");
        assert_eq!(watched.at(8), []);
        assert_eq!(watched.at(10), [(b"another".to_vec(), true)]);
    }

    #[test]
    fn what_is_hidden_or_a_link_is_passed_over() {
        let mut watched = Watched::new();
        watched.write(".part", b"x");
        watched.write(".cache/a", b"x");
        watched.write("$RECYCLE.BIN/a", b"x");
        let outside = tempfile::NamedTempFile::new().expect("a file");
        std::os::unix::fs::symlink(outside.path(), watched.place.path().join("link")).expect("linked");
        std::os::unix::fs::symlink("/etc", watched.place.path().join("etc")).expect("linked");
        watched.at(0);
        assert_eq!(watched.at(5), []);
    }

    #[test]
    fn a_folder_that_is_gone_is_said_and_watched_again_when_it_returns() {
        let mut watched = Watched::new();
        let path = watched.place.path().to_owned();
        fs::remove_dir(&path).expect("removed");
        let error = watched.folder.poll(watched.start).expect_err("gone").to_string();
        assert!(error.contains("cannot be listed: No such file"), "{error}");
        fs::create_dir(&path).expect("made");
        watched.write("a", b"x");
        assert_eq!(watched.at(1), []);
        assert_eq!(watched.at(3), [(b"x".to_vec(), false)]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_refused_once() {
        let mut watched = Watched::new();
        let vast = fs::File::create(watched.place.path().join("vast")).expect("created");
        vast.set_len(xray_intake::MAX_FILE_BYTES + 1).expect("sparse");
        watched.at(0);
        let now = watched.start + Duration::from_secs(2);
        let Ok(InputEvent::Unreadable(refusal)) = watched.folder.poll(now) else { panic!("not refused") };
        assert_eq!(refusal.code, "file-too-large");
        assert_eq!(watched.at(9), []);
    }
}
