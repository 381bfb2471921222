//! Tests of the crate from outside, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod against_burn;
mod recorded_answers;
mod threads;
mod values;
