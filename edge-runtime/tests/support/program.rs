//! What the tests of the program share.

#[path = "../runner/mod.rs"]
mod runner;

use std::path::Path;
use std::process::Command;

/// The program under test.
pub fn edge_runtime() -> Command {
    runner::started(Path::new(env!("CARGO_BIN_EXE_edge-runtime")))
}
