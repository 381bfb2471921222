//! What the tests of the program share.

use std::process::Command;

/// The program under test. `XRAY_EDGE_RUNNER` holds the words to put before it where it was built for another
/// processor than this one, such as an emulator and its options.
pub fn edge_runtime() -> Command {
    let program = env!("CARGO_BIN_EXE_edge-runtime");
    let runner = std::env::var("XRAY_EDGE_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    match words.next() {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    }
}
