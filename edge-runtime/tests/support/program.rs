//! What the tests of the program share.

use std::path::Path;
use std::process::Command;

use super::runner;

/// The program under test.
pub fn edge_runtime() -> Command {
    runner::started(Path::new(env!("CARGO_BIN_EXE_edge-runtime")))
}
