//! `run`: the daemon.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use xray_core::screening::printable;

use super::print;
use crate::commands::{Outcome, run};

const HELP: &str = "\
Examples:
  edge-runtime run --config /etc/edge-runtime/config.toml
  edge-runtime run --config trial.toml --check

It screens what its inputs give until it is ended (SIGTERM). It may be killed at any time: nothing that it showed is
lost, and the next start screens what it had not finished.

A signed model on a stick is installed; a board that has no model waits for one. A model that fails on trial is taken
out of use. The program then ends with status 5 and must be started again with the model in use; systemd does so.

Exit status: 1 a fault, such as a model that gives wrong answers; 2 wrong usage; 5 another model is in use, start again;
0 only with --check.";

/// The arguments of `run`.
#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct RunArgs {
    /// The configuration; config.toml(5) describes every key
    #[arg(long, value_name = "FILE.toml", default_value = "/etc/edge-runtime/config.toml")]
    config: PathBuf,
    /// Read the configuration and the board file, load the model and test it, and end; nothing is stored
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &RunArgs, out: &mut impl Write) -> Result<Outcome> {
    if args.check {
        run::check(&args.config)?;
        print(out, &format!("{}: all is well\n", printable(&args.config.display().to_string())))?;
        return Ok(Outcome::Complete);
    }
    run::run(&args.config)
}
