//! Walking an untrusted folder: names are read as they come, and no more of them are held than a part of a folder, however many
//! there are.

use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType, ReadDir};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Progress;

/// Folders in folders that are looked into.
const MAX_DEPTH: usize = 16;

/// Names of one folder that are held, and sorted, at a time.
const PART: usize = 4096;

/// What systems leave beside people's files, by its name in any case.
const CLUTTER: [&str; 7] = [
    "$RECYCLE.BIN",
    "RECYCLER",
    "System Volume Information",
    "lost+found",
    "@eaDir",
    "#recycle",
    "Thumbs.db",
];

/// One step of a walk.
pub(super) enum TreeStep {
    /// A regular file.
    File(PathBuf),
    /// Something else, or hidden.
    Other,
    /// A folder that cannot be listed, or not to its end.
    Failed(io::Error),
    /// There are more files and folders than the bound.
    TooMany,
    /// That was all.
    End,
}

/// The files below a folder, sorted within each folder that holds less than 4096. Links are not followed, nor are other file
/// systems entered; what is hidden or belongs to the system is passed over.
pub(super) struct Tree {
    /// The folders from the root to the one that is being read.
    open: Vec<Folder>,
    /// A root that was not opened yet.
    root: Option<PathBuf>,
    file_system: Option<u64>,
    seen: usize,
    bound: usize,
    progress: Progress,
}

/// A folder that is being read.
struct Folder {
    path: PathBuf,
    rest: ReadDir,
    /// The next names of it, the first one last.
    part: Vec<(OsString, FileType)>,
    /// Why the rest of it cannot be read.
    failed: Option<io::Error>,
}

impl Tree {
    /// A walk that ends when it has seen `bound` files and folders.
    pub(super) fn new(root: &Path, bound: usize, progress: &Progress) -> Self {
        Tree {
            open: Vec::new(),
            root: Some(root.to_owned()),
            file_system: None,
            seen: 0,
            bound,
            progress: progress.clone(),
        }
    }

    pub(super) fn step(&mut self) -> TreeStep {
        if let Some(root) = self.root.take() {
            return self.enter(root);
        }
        let Some(folder) = self.open.last_mut() else { return TreeStep::End };
        let next = match folder.next(&self.progress) {
            Ok(next) => next,
            Err(error) => {
                self.open.pop();
                return TreeStep::Failed(error);
            }
        };
        let Some((name, kind)) = next else {
            self.open.pop();
            return TreeStep::Other;
        };
        if self.seen >= self.bound {
            self.open.clear();
            return TreeStep::TooMany;
        }
        self.seen += 1;
        self.progress.mark();
        if is_passed_over(&name) {
            return TreeStep::Other;
        }
        let path = folder.path.join(name);
        if kind.is_dir() && self.open.len() < MAX_DEPTH {
            return self.enter(path);
        }
        if kind.is_file() { TreeStep::File(path) } else { TreeStep::Other }
    }

    /// Opens a folder, unless it is none or another file system is mounted there.
    fn enter(&mut self, path: PathBuf) -> TreeStep {
        let opened = fs::symlink_metadata(&path).and_then(|meta| {
            let file_system = *self.file_system.get_or_insert(meta.dev());
            let ours = meta.is_dir() && meta.dev() == file_system;
            ours.then(|| fs::read_dir(&path)).transpose()
        });
        match opened {
            Ok(Some(rest)) => {
                self.open.push(Folder { path, rest, part: Vec::new(), failed: None });
                TreeStep::Other
            }
            Ok(None) => TreeStep::Other,
            Err(error) => TreeStep::Failed(error),
        }
    }
}

impl Folder {
    fn next(&mut self, progress: &Progress) -> io::Result<Option<(OsString, FileType)>> {
        if self.part.is_empty() && self.failed.is_none() {
            self.fill(progress);
        }
        match (self.part.pop(), self.failed.take()) {
            (Some(next), failed) => {
                self.failed = failed;
                Ok(Some(next))
            }
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    fn fill(&mut self, progress: &Progress) {
        while self.part.len() < PART {
            let Some(entry) = self.rest.next() else { break };
            progress.mark();
            match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
                Ok(entry) => self.part.push(entry),
                // Gone since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        self.part.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
    }
}

fn is_passed_over(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || CLUTTER.iter().any(|own| own.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files in the order of the walk, and how it ended.
    fn walk(root: &Path, bound: usize) -> (Vec<String>, &'static str) {
        let mut tree = Tree::new(root, bound, &Progress::default());
        let mut files = Vec::new();
        loop {
            match tree.step() {
                TreeStep::File(path) => {
                    files.push(path.strip_prefix(root).expect("below").display().to_string());
                }
                TreeStep::Other => {}
                TreeStep::Failed(_) => return (files, "failed"),
                TreeStep::TooMany => return (files, "too many"),
                TreeStep::End => return (files, "end"),
            }
        }
    }

    fn write(root: &Path, names: &[&str]) {
        for name in names {
            let path = root.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, "").expect("written");
        }
    }

    #[test]
    fn files_come_sorted_within_their_folder_and_clutter_does_not() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), &["b", "a/2", "a/1", "c", ".x/1", "$Recycle.bin/1", "@EADIR/1", "thumbs.DB"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).expect("linked");
        let expected = ["a/1", "a/2", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(walk(root.path(), 100), (expected, "end"));
    }

    #[test]
    fn the_bound_holds_for_files_and_folders_together() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), &["a/1", "b", "c"]);
        assert_eq!(walk(root.path(), 4).1, "end");
        assert_eq!(walk(root.path(), 3), (vec!["a/1".to_owned(), "b".to_owned()], "too many"));
        assert_eq!(walk(root.path(), 0), (Vec::new(), "too many"));
    }

    #[test]
    fn a_folder_is_read_in_parts_and_to_its_end() {
        let root = tempfile::tempdir().expect("a folder");
        let count = PART + 100;
        for at in 0..count {
            fs::write(root.path().join(format!("{at:05}")), "").expect("written");
        }
        let (mut files, end) = walk(root.path(), usize::MAX);
        assert_eq!(end, "end");
        files.sort_unstable();
        files.dedup();
        assert_eq!(files.len(), count);
        let mut tree = Tree::new(root.path(), usize::MAX, &Progress::default());
        let mut held = 0;
        while !matches!(tree.step(), TreeStep::End) {
            held = held.max(tree.open.iter().map(|folder| folder.part.len()).sum());
        }
        assert!(held < PART + 1, "{held}");
    }

    #[test]
    fn a_root_that_is_gone_fails_and_what_lies_too_deep_is_left() {
        let root = tempfile::tempdir().expect("a folder");
        assert_eq!(walk(&root.path().join("none"), 10).1, "failed");
        let deep = "d/".repeat(MAX_DEPTH) + "file";
        let less = "d/".repeat(MAX_DEPTH - 1) + "file";
        write(root.path(), &[&deep, &less]);
        assert_eq!(walk(root.path(), 100), (vec![less], "end"));
    }
}
