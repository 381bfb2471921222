//! From bytes of unknown origin to a decoded image within limits.

mod dicom;
mod error;
pub mod film;
mod jpeg;
mod limits;
mod listing;
mod orientation;
mod other_formats;
mod pgm;
mod png;
mod radiograph;
mod raster;
mod sixteen_bits;

pub use dicom::{DicomIdentity, DicomProblem, dicom_identity};
pub use error::{IntakeError, IntakeProblem};
pub use limits::{MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, MIN_SIDE};
pub use listing::{ListingError, list_all, list_images};
pub use radiograph::{Pixels, Radiograph};
pub use raster::{decode, decode_photograph, decode_picture, read_bytes, read_file};
