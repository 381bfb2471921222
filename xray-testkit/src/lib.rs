//! Test support for the crates of the workspace; a dev-dependency only.

pub mod dicom;
pub mod model;
