//! A record as DICOM (PS3.3): a Secondary Capture with verdict and heat map burnt in, and a structured report. Where the
//! X-ray came as a DICOM file, both belong to its patient and study and refer to it.

mod caption;
mod capture;
mod common;
mod structured;
#[cfg(test)]
mod tests;
mod uid;

pub use capture::capture;
pub use structured::structured;

use crate::ui::picture::PictureError;

/// Why there is no DICOM file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DicomError {
    /// There is no image to show.
    #[error("{0}; a structured report needs none: `--format sr`")]
    Image(#[from] PictureError),
    /// The file could not be written.
    #[error("the DICOM file could not be written: {0}; report it with the record's number")]
    Writer(String),
}
