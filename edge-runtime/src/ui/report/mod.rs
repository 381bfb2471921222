//! The report of one study: HTML to print, and DICOM for an archive.

mod case;
#[cfg(feature = "dicom")]
pub mod dicom;
mod html;

pub use case::Case;
pub use html::{Around, PRINT_STYLE, html};
