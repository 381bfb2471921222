//! A watched folder.
//!
//! It is listed again and again rather than watched by inotify: inotify says nothing of what another machine writes
//! to a network share, loses events when its queue is full, and would still need a listing at the start. A listing
//! a second costs one `stat` a file. A file is taken when it has kept its size and time for a while, so one that is
//! still being copied is left alone.
//!
//! A folder may hold any number of files: a listing of many is spread over several polls, and of more than the bound the
//! newest are watched.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::content::{self, ReadFailure};
use super::newest::{FileTime, Listed, Newest};
use super::tree::{Tree, TreeStep};
use super::{IncomingImage, Input, InputError, InputEvent, InputRefusal, Progress};
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

/// How much of a folder is looked at.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Files that are watched; the newest.
    watched: usize,
    /// Files and folders of one listing.
    listed: usize,
    /// Of these, in one poll.
    each_poll: usize,
}

const BOUNDS: Bounds = Bounds { watched: 100_000, listed: 20_000_000, each_poll: 20_000 };
/// Bytes of the paths that are held during a listing.
const MAX_PATH_BYTES: usize = 64 << 20;
/// A listing may take this part of the time: one that takes a minute is followed by a longer pause.
const PAUSE_PER_LISTING: u32 = 4;

/// What is seen of a file from outside. Another stamp is another content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    bytes: u64,
    modified: FileTime,
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

/// A listing that is not at its end.
struct Listing {
    tree: Tree,
    found: Newest<FileStamp>,
    began: Instant,
}

/// A watched folder.
pub struct FolderInput {
    options: FolderOptions,
    bounds: Bounds,
    progress: Progress,
    seen: HashMap<PathBuf, SeenFile>,
    ready: VecDeque<PathBuf>,
    running: Option<Listing>,
    /// How many listings came to their end.
    listing: u64,
    /// When the next one is due.
    due: Option<Instant>,
    /// The newest file that the last listing left out: one that is older was there before.
    cutoff: Option<FileTime>,
    /// Whether it was said that there are more files than are watched.
    said_too_many: bool,
}

impl FolderInput {
    /// Watches a folder from the first [`Input::poll`] on.
    pub fn new(options: FolderOptions) -> Self {
        FolderInput::bounded(options, BOUNDS)
    }

    fn bounded(options: FolderOptions, bounds: Bounds) -> Self {
        FolderInput {
            options,
            bounds,
            progress: Progress::default(),
            seen: HashMap::new(),
            ready: VecDeque::new(),
            running: None,
            listing: 0,
            due: None,
            cutoff: None,
            said_too_many: false,
        }
    }

    fn name(&self) -> String {
        self.options.path.display().to_string()
    }

    fn unlistable(&self, error: &std::io::Error) -> InputError {
        InputError::Folder { folder: self.name(), reason: error.to_string() }
    }

    fn begin_listing(&mut self, now: Instant) -> Result<Listing, InputError> {
        // Whatever becomes of it: a folder that cannot be listed is looked at again after the same time.
        self.due = Some(now + self.options.every);
        // The walk follows no link and passes a root over that is no folder.
        let root = fs::canonicalize(&self.options.path).map_err(|error| self.unlistable(&error))?;
        fs::read_dir(&root).map_err(|error| self.unlistable(&error))?;
        let tree = Tree::new(&root, self.bounds.listed, &self.progress);
        Ok(Listing { tree, found: Newest::new(self.bounds.watched, MAX_PATH_BYTES), began: now })
    }

    /// Goes on with the listing, and ends it if it comes to its end; gives what there is to say of it.
    fn list(&mut self, now: Instant) -> Result<Option<InputRefusal>, InputError> {
        let mut listing = match self.running.take() {
            Some(listing) => listing,
            None => self.begin_listing(now)?,
        };
        for _ in 0..self.bounds.each_poll {
            match listing.tree.step() {
                TreeStep::File(path) => {
                    // Gone again since it was listed: it is no matter.
                    if let Ok((stamp, changed)) = look(&path) {
                        listing.found.add(Listed { path, changed, stamp });
                    }
                }
                TreeStep::Other => {}
                // A folder that went away between two looks.
                TreeStep::Failed(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                TreeStep::Failed(error) => return Err(self.unlistable(&error)),
                TreeStep::TooMany => {
                    return Err(InputError::TooMany { folder: self.name(), limit: self.bounds.listed });
                }
                TreeStep::End => {
                    self.end_listing(listing, now);
                    return Ok(self.say_too_many(self.cutoff.is_some()));
                }
            }
        }
        let too_many = listing.found.added() > self.bounds.watched;
        self.running = Some(listing);
        Ok(self.say_too_many(too_many))
    }

    fn end_listing(&mut self, listing: Listing, now: Instant) {
        let pause = now.saturating_duration_since(listing.began) * PAUSE_PER_LISTING;
        self.due = Some(now + pause.max(self.options.every));
        let first = self.listing == 0;
        self.listing += 1;
        let (found, cutoff) = listing.found.end();
        for Listed { path, changed, stamp } in found {
            let was_there = first || self.cutoff.is_some_and(|cutoff| changed <= cutoff);
            self.see(path, stamp, !was_there, now);
        }
        self.cutoff = cutoff;
        self.said_too_many &= cutoff.is_some();
        let number = self.listing;
        self.seen.retain(|_, seen| seen.listing == number);
        let settle = self.options.settle;
        let settled =
            self.seen.iter().filter(|(_, seen)| !seen.taken && now.duration_since(seen.since) >= settle);
        let mut ready: Vec<_> = settled.map(|(path, _)| path.clone()).collect();
        ready.sort_unstable();
        self.ready = ready.into();
    }

    fn see(&mut self, path: PathBuf, stamp: FileStamp, awaited: bool, now: Instant) {
        let listing = self.listing;
        let fresh = SeenFile { stamp, since: now, awaited, taken: false, listing };
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

    /// Says once that there are more files than are watched.
    fn say_too_many(&mut self, too_many: bool) -> Option<InputRefusal> {
        if !too_many || std::mem::replace(&mut self.said_too_many, true) {
            return None;
        }
        let (folder, limit) = (self.name(), self.bounds.watched);
        let reason =
            format!("{folder}: more than {limit} files; only the newest are read; move the old ones away");
        Some(InputRefusal { code: "too-many-in-folder", reason })
    }

    fn take(&mut self, path: &Path, now: Instant) -> Option<InputEvent> {
        let seen = self.seen.get_mut(path)?;
        let began = Instant::now();
        let read = content::read(path, &self.progress);
        // It changed since it was listed, or while it was read: it is left to settle again.
        if look(path).ok().map(|(stamp, _)| stamp) != Some(seen.stamp) {
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

    fn report_progress_to(&mut self, progress: Progress) {
        self.progress = progress;
    }

    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError> {
        let due = self.running.is_some() || self.due.is_none_or(|due| now >= due);
        if self.ready.is_empty()
            && due
            && let Some(refusal) = self.list(now)?
        {
            return Ok(InputEvent::Unreadable(refusal));
        }
        match self.ready.pop_front() {
            None => Ok(InputEvent::Nothing),
            Some(path) => Ok(self.take(&path, now).unwrap_or(InputEvent::Searching)),
        }
    }
}

fn look(path: &Path) -> std::io::Result<(FileStamp, FileTime)> {
    let meta = fs::symlink_metadata(path)?;
    let stamp =
        FileStamp { bytes: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()), inode: meta.ino() };
    Ok((stamp, (meta.ctime(), meta.ctime_nsec())))
}

#[cfg(test)]
mod tests;
