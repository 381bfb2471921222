//! Screens chest X-rays on a board with a model package. See [`edge_runtime::cli`].

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    edge_runtime::cli::run()
}
