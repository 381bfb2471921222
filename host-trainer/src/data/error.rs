//! What can be wrong with a folder of X-rays.

use std::path::PathBuf;

/// Why a data set could not be read or divided. Each message ends with what to do next.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder given as `--data` is not there, or is not a folder.
    #[error("{}: no such folder; give the folder that holds train/ and test/ as --data", .path.display())]
    DirectoryMissing {
        /// What was given.
        path: PathBuf,
    },
    /// None of the folders `train`, `val` and `test` is there.
    #[error(
        "{}: no folder named train, val or test below it, found {}; \
         give the folder that holds train/{{CLASS}} and test/{{CLASS}} as --data",
        .path.display(), .found
    )]
    NoSplitFolders {
        /// What was given as `--data`.
        path: PathBuf,
        /// The folders that are there instead.
        found: String,
    },
    /// One split folder that is needed is not there.
    #[error("{}: no images in a folder {split}/, which is needed here; the set holds: {found}", .path.display())]
    SplitMissing {
        /// What was given as `--data`.
        path: PathBuf,
        /// `train`, `val` or `test`.
        split: &'static str,
        /// The splits that are there.
        found: String,
    },
    /// A split has no folder of this class.
    #[error(
        "{}: {split}/ has no folder {class}, found {found}; \
         name other classes with --classes NEGATIVE,POSITIVE", .path.display()
    )]
    ClassFolderMissing {
        /// What was given as `--data`.
        path: PathBuf,
        /// `train`, `val` or `test`.
        split: &'static str,
        /// The class that was looked for.
        class: String,
        /// The folders that are there instead.
        found: String,
    },
    /// A class folder is there, but holds no regular file.
    #[error(
        "{}: {split}/{class} holds no images; put them there, or copy them if they are symbolic links, \
         which are not followed", .path.display()
    )]
    EmptyClass {
        /// What was given as `--data`.
        path: PathBuf,
        /// `train`, `val` or `test`.
        split: &'static str,
        /// The class.
        class: String,
    },
    /// Two different images claim the same place in the set.
    #[error(
        "{relative} is there twice with different content: {} and {}; \
         remove one of them, or give a narrower folder as --data", .first.display(), .second.display()
    )]
    Conflict {
        /// The path from the split folder on.
        relative: String,
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A name that is not UTF-8 cannot be written into a report or a splits file.
    #[error("{}: the name is not valid UTF-8; rename the file", .path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("{}: cannot be read: {source}; check the path and its permissions", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Two class names that cannot be told apart, or not two of them.
    #[error("{given:?} does not name two classes; write the negative one first: --classes NORMAL,PNEUMONIA")]
    ClassNames {
        /// What was given.
        given: String,
    },
    /// Too few patients to keep some of them apart.
    #[error(
        "class {class} has {patients} patient(s) in train/, and at least 2 are needed to keep one for \
         validation; add images or give the split with --splits FILE"
    )]
    TooFewPatients {
        /// The class.
        class: String,
        /// How many there are.
        patients: usize,
    },
    /// The groups file cannot be used.
    #[error("{}: {reason}", .file.display())]
    GroupsFile {
        /// The groups file.
        file: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A line of the splits file cannot be used.
    #[error("{}, line {line}: {reason}", .file.display())]
    SplitsLine {
        /// The splits file.
        file: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The splits file as a whole cannot be used.
    #[error("{}: {reason}", .file.display())]
    SplitsFile {
        /// The splits file.
        file: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
}
