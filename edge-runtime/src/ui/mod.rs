//! What a verdict is shown on, besides the rows.

pub mod decimals;
pub mod lights;
#[cfg(unix)]
pub mod live;
#[cfg(unix)]
pub mod page;
#[cfg(unix)]
pub mod picture;
#[cfg(unix)]
pub mod report;
#[cfg(unix)]
pub mod words;
