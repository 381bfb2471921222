//! Why a data set could not be read or divided.

use std::path::PathBuf;

use crate::decoding::ReadError;

/// Why a data set could not be read or divided. Each message ends with what to do next.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{}: no such folder; give the folder that holds train/ and test/ as --data", .path.display())]
    DirectoryMissing { path: PathBuf },
    #[error(
        "{}: no folder named train, val or test below it, found {}; \
         give the folder that holds train/{{CLASS}} and test/{{CLASS}} as --data",
        .path.display(), .found
    )]
    NoSplitFolders { path: PathBuf, found: String },
    #[error(
        "{}: no folder named train, val or test below it, found {}; the images are not divided: move the class folders \
         into a folder train/ (a tenth of its patients is kept for validation) and those of other patients into test/, \
         or say which image is which in a table (--table)", .path.display(), .found
    )]
    NotDivided { path: PathBuf, found: String },
    #[error(
        "{}: no folder named train, val or test below it, but {files} file(s) with backslashes in their names: the \
         archive was made on Windows and unpacked by a program that does not know its folders; unpack it again, such as \
         with bsdtar or 7z", .path.display()
    )]
    Backslashes { path: PathBuf, files: usize },
    #[error("{}: no images in a folder {split}/, which is needed here; the set holds: {found}", .path.display())]
    SplitMissing {
        path: PathBuf,
        /// `train`, `val` or `test`.
        split: &'static str,
        found: String,
    },
    #[error(
        "{}: {split}/ has no folder {class}, found {found}; \
         name other classes with --classes NEGATIVE,POSITIVE", .path.display()
    )]
    ClassFolderMissing {
        path: PathBuf,
        /// `train`, `val` or `test`.
        split: &'static str,
        /// The class that was looked for.
        class: String,
        found: String,
    },
    #[error(
        "{}: {split}/{class} holds no images; put them there, or copy them if they are symbolic links, \
         which are not followed", .path.display()
    )]
    EmptyClass {
        path: PathBuf,
        /// `train`, `val` or `test`.
        split: &'static str,
        class: String,
    },
    #[error(
        "{relative} is there twice with different content: {} and {}; \
         remove one of them, or give a narrower folder as --data", .first.display(), .second.display()
    )]
    Conflict {
        /// The path from the split folder on.
        relative: String,
        first: PathBuf,
        second: PathBuf,
    },
    #[error("{}: the name is not valid UTF-8; rename the file", .path.display())]
    Name { path: PathBuf },
    #[error("{}: cannot be read: {source}; check the path and its permissions", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{given:?} does not name two classes; write the negative one first: --classes NORMAL,PNEUMONIA")]
    ClassNames { given: String },
    #[error(
        "class {class} has {patients} patient(s) in train/, and at least 2 are needed to keep one for \
         validation; add images or give the split with --splits FILE"
    )]
    TooFewPatients { class: String, patients: usize },
    #[error("{}: {reason}", .file.display())]
    TableFile { file: PathBuf, reason: String },
    #[error("{}, line {line}: {reason}", .file.display())]
    TableLine {
        file: PathBuf,
        /// Its line, from 1.
        line: u64,
        reason: String,
    },
    #[error(transparent)]
    Dicom(#[from] ReadError),
    #[error("{}: {reason}", .file.display())]
    GroupsFile { file: PathBuf, reason: String },
    #[error("{}, line {line}: {reason}", .file.display())]
    SplitsLine {
        file: PathBuf,
        /// Its line, from 1.
        line: u64,
        reason: String,
    },
    #[error("{}: {reason}", .file.display())]
    SplitsFile { file: PathBuf, reason: String },
}
