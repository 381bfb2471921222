//! Tests of the crate from outside, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod intensity;
mod package;
mod preprocess;
mod quality_gate;
mod signature;
