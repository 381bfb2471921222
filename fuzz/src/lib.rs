//! Fuzz targets: each reads bytes as one of the programs would, within bounds of memory, and asserts what must hold of
//! whatever they are.
//!
//! `scripts/dev/fuzz.sh` runs them under libFuzzer, which makes the bytes; `tests/corpus.rs` runs them on the files in
//! `corpus/` with every other test. A failed assertion, a panic, or memory or time beyond the bounds is a finding.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a finding is a panic")]

mod bounds;
#[cfg(any(feature = "device", feature = "trainer"))]
mod scratch;
mod targets;

pub use bounds::bounded;
pub use targets::{TARGETS, Target, run};
