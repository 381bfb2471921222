//! Decodes one image for a test, as the programs do for themselves.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    xray_decode::run_child().unwrap_or(ExitCode::FAILURE)
}
