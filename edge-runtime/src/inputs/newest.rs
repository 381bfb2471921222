//! The newest files of a folder that can hold any number of them.

use std::path::PathBuf;

/// Seconds and nanoseconds since 1970.
pub(super) type FileTime = (i64, i64);

/// A file of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed<T> {
    pub(super) path: PathBuf,
    /// When its content or its name changed: one that is copied with its old time of modification is new here all the same.
    pub(super) changed: FileTime,
    pub(super) stamp: T,
}

/// Keeps so many of the files that it is given, and of their paths so many bytes; the newest of them.
pub(super) struct Newest<T> {
    files: Vec<Listed<T>>,
    added: usize,
    path_bytes: usize,
    most: usize,
    most_bytes: usize,
    /// The newest of those that were not kept.
    cutoff: Option<FileTime>,
}

impl<T> Newest<T> {
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Newest { files: Vec::new(), added: 0, path_bytes: 0, most, most_bytes, cutoff: None }
    }

    pub(super) fn add(&mut self, file: Listed<T>) {
        self.added += 1;
        self.path_bytes += file.path.as_os_str().len();
        self.files.push(file);
        // Twice as many, so that they are seldom sorted.
        if self.files.len() >= self.most.saturating_mul(2) || self.path_bytes > self.most_bytes {
            self.shrink();
        }
    }

    /// How many files were added.
    pub(super) fn added(&self) -> usize {
        self.added
    }

    /// The files that are kept, and the newest time of those that are not; none if all are.
    pub(super) fn end(mut self) -> (Vec<Listed<T>>, Option<FileTime>) {
        if self.files.len() > self.most {
            self.shrink();
        }
        (self.files, self.cutoff)
    }

    fn shrink(&mut self) {
        self.files.sort_unstable_by(|one, other| (other.changed, &one.path).cmp(&(one.changed, &other.path)));
        let mut bytes = 0;
        // Half of the bytes, so that they are seldom sorted for them, either.
        let fits = |file: &&Listed<T>| {
            bytes += file.path.as_os_str().len();
            bytes <= self.most_bytes / 2
        };
        let kept = self.files.iter().take(self.most).take_while(fits).count();
        self.cutoff = self.files.get(kept).map(|file| file.changed).max(self.cutoff);
        self.files.truncate(kept);
        self.path_bytes = self.files.iter().map(|file| file.path.as_os_str().len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(most: usize, most_bytes: usize, files: &[(&str, i64)]) -> (Vec<String>, Option<FileTime>) {
        let mut newest = Newest::new(most, most_bytes);
        for (name, second) in files {
            newest.add(Listed { path: name.into(), changed: (*second, 0), stamp: () });
        }
        let (files, cutoff) = newest.end();
        let mut names: Vec<_> = files.into_iter().map(|file| file.path.display().to_string()).collect();
        names.sort_unstable();
        (names, cutoff)
    }

    #[test]
    fn of_more_than_the_bound_the_newest_are_kept() {
        let files = [("a", 5), ("b", 1), ("c", 9), ("d", 7), ("e", 3), ("f", 8), ("g", 2)];
        assert_eq!(newest(3, 1000, &files), (vec!["c".into(), "d".into(), "f".into()], Some((5, 0))));
        assert_eq!(newest(7, 1000, &files).1, None);
        assert_eq!(newest(7, 1000, &files).0.len(), 7);
        // The order in which they come does not matter.
        let mut backwards = files;
        backwards.reverse();
        assert_eq!(newest(3, 1000, &backwards), newest(3, 1000, &files));
    }

    #[test]
    fn long_paths_count() {
        let long = "x".repeat(40);
        let files = [(long.as_str(), 1), ("b", 2), ("c", 3)];
        assert_eq!(newest(100, 40, &files), (vec!["b".into(), "c".into()], Some((1, 0))));
    }
}
