//! How results reach people: lights, web page, printed and DICOM reports, in their language.

pub mod decimals;
#[cfg(unix)]
pub mod i18n;
pub mod lights;
#[cfg(unix)]
pub mod picture;
#[cfg(unix)]
pub mod report;
#[cfg(unix)]
pub mod web;
