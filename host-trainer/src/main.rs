//! `host-trainer`: see `host-trainer --help`.

use std::process::ExitCode;

use clap::Parser;
use host_trainer::cli;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
