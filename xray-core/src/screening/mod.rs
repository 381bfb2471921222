//! One image through all of it, with a model that was loaded once; and many images, one row each.

mod batch;
mod error;
mod rows;
mod screener;

pub use batch::{NoResult, ScreenedPath, Summary, screen_paths, screen_paths_with};
pub use error::{LoadError, ScreenImageError, ScreeningError};
pub use rows::{DrawnHeatMap, NoResultRow, ReportFormat, ReportRow, VerdictRow, write_rows};
pub use screener::{Screener, Screening, ScreeningResult};
pub use xray_intake::{printable, printable_json};
