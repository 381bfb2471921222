//! The report of one record: HTML to print, and DICOM for an archive.

mod data;
pub mod dicom;
mod html;

pub use data::ReportData;
pub use html::{BrowserControls, PRINT_STYLE, html};
