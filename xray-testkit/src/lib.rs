//! Test support for the crates of the workspace; a dev-dependency only.
//!
//! - [`model`]: a model of five operators with its contract, whose answers can be computed by hand;
//! - [`images`], [`dicom`]: images and DICOM files in memory;
//! - [`onnx`]: parts of ONNX graphs;
//! - [`random`]: random numbers that are the same in every run;
//! - [`cases`]: graphs with recorded answers, and every engine to run them on.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub mod cases;
pub mod dicom;
pub mod images;
pub mod model;
pub mod onnx;
pub mod random;
