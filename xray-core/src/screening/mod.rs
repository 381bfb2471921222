//! One image through all of it, with a model that was loaded once; and many images, one row each.

mod batch;
mod error;
mod rows;
mod screener;

pub use batch::{Item, NoResult, Summary, screen_paths};
pub use error::{LoadError, ScreeningError, Unjudged};
pub use rows::{DrawnHeatMap, Format, NoResultRow, ReadRow, Row, printable, write_rows};
pub use screener::{Screener, Screening};
