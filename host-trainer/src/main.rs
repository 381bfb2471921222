//! `host-trainer`: see `host-trainer --help`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    host_trainer::cli::main()
}
