//! Tests of the crate from outside, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod dicom;
mod dicom_kinds;
mod intake;
mod picture_kinds;
