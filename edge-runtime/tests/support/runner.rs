//! How tests start programs that were built with them.

use std::path::Path;
use std::process::Command;

/// This program, to be started. `XRAY_EDGE_RUNNER` holds the words to put before it where it was built for another processor
/// than this one, such as an emulator and its options.
pub fn started(program: &Path) -> Command {
    let runner = words();
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

/// The words to put before a program; none where it was built for this processor.
pub fn words() -> String {
    std::env::var("XRAY_EDGE_RUNNER").unwrap_or_default()
}
