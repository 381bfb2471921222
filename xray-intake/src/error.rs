//! Why an image could not be taken in.

use std::path::{Path, PathBuf};

use super::DicomProblem;
use super::film::FilmProblem;
use super::limits::{MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, MIN_SIDE};

/// The formats that are read, for people.
const READABLE: &str = "JPEG, PNG, PGM and DICOM";

/// A file that could not be taken in, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", .file.display())]
pub struct IntakeError {
    /// The file.
    pub file: PathBuf,
    /// What was wrong with it.
    pub problem: IntakeProblem,
}

impl IntakeError {
    pub(super) fn new(file: &Path, problem: IntakeProblem) -> Self {
        IntakeError { file: file.to_owned(), problem }
    }
}

/// What was wrong with an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeProblem {
    /// The file could not be opened or read.
    #[error("could not be read: {reason}; check that it is there and that you may read it")]
    Unreadable {
        /// The operating system's message.
        reason: String,
    },
    /// Nothing is in the file.
    #[error("the file is empty; copy it again from where it was made")]
    Empty,
    /// The file is over [`MAX_FILE_BYTES`].
    #[error("the file has {bytes} bytes, the limit is {MAX_FILE_BYTES}; export it smaller")]
    FileTooLarge {
        /// Its size, or the limit plus one where the size was not known beforehand.
        bytes: u64,
    },
    /// None of the formats that are read, by its first bytes.
    #[error("not an image that can be read ({READABLE} can, by content, whatever the name)")]
    UnknownFormat,
    /// A format that is known, but not read.
    #[error("the file holds {name}, which is not read; {remedy}")]
    OtherFormat {
        /// What it holds, in words.
        name: &'static str,
        /// What to do, in words.
        remedy: &'static str,
    },
    /// The values of the pixels use less than a quarter of the range from black to white.
    #[error(
        "the values of the image lie between {lowest} and {highest} where white is {white}, so that it would be seen \
         far too dark, too bright or too flat; export it with its values scaled to the whole range from black to white"
    )]
    ValueRange {
        /// The lowest value.
        lowest: u16,
        /// The highest value.
        highest: u16,
        /// The value of white.
        white: u16,
    },
    /// The header names a size over [`MAX_SIDE`] or [`MAX_PIXELS`].
    #[error(
        "the header says {width} × {height} pixels, the limit is {MAX_SIDE} a side and {MAX_PIXELS} in all; \
         export it smaller"
    )]
    TooManyPixels {
        /// Width in the header, in pixels.
        width: u32,
        /// Height in the header, in pixels.
        height: u32,
    },
    /// The image is under [`MIN_SIDE`].
    #[error(
        "the image is {width} × {height} pixels, at least {MIN_SIDE} a side are needed; export it larger"
    )]
    TooSmall {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
    },
    /// The image ends before all of it was there.
    #[error("the image is cut off before its end; copy it again from where it was made")]
    Truncated,
    /// The bytes break the rules of their format.
    #[error("the {format} is damaged: {reason}; copy it again from where it was made")]
    Damaged {
        /// Name of the format.
        format: &'static str,
        /// The decoder's message.
        reason: String,
    },
    /// A photograph of a film on a light box from which no film could be cut out.
    #[error(transparent)]
    Film(#[from] FilmProblem),
    /// A DICOM file that is no single radiograph or misses what it takes to show one.
    #[error(transparent)]
    Dicom(#[from] DicomProblem),
}

impl IntakeProblem {
    /// A fixed word for machines, the same in every release.
    pub fn code(&self) -> &'static str {
        match self {
            IntakeProblem::Unreadable { .. } => "unreadable",
            IntakeProblem::Empty => "empty",
            IntakeProblem::FileTooLarge { .. } => "file-too-large",
            IntakeProblem::UnknownFormat | IntakeProblem::OtherFormat { .. } => "unknown-format",
            IntakeProblem::ValueRange { .. } => "value-range",
            IntakeProblem::TooManyPixels { .. } => "too-many-pixels",
            IntakeProblem::TooSmall { .. } => "too-small",
            IntakeProblem::Truncated => "truncated",
            IntakeProblem::Damaged { .. } => "damaged",
            IntakeProblem::Film(problem) => problem.code(),
            IntakeProblem::Dicom(problem) => problem.code(),
        }
    }
}
