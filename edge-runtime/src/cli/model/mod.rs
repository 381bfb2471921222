//! `model`: what a model file says of itself, and the models of a board.

mod installed;
mod profile;
mod show;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use self::installed::{InstallArgs, RollbackArgs, StatusArgs};
use crate::commands::Outcome;
use crate::commands::model::StoreLocation;
use crate::models::{DEFAULT_KEYS, DEFAULT_STORE};

const SHOW_HELP: &str = "\
Examples:
  edge-runtime model show model.onnx
  edge-runtime model show --json model.onnx";

#[derive(Subcommand)]
pub(super) enum ModelCommand {
    /// Say which operators of the model run fused in integers, which do not, and why
    #[command(after_help = "Example:\n  edge-runtime model explain model.onnx")]
    Explain {
        /// The model file
        file: PathBuf,
        /// One JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Time the fused operators of the model on this machine, one line a kind and size
    #[command(after_help = "Example:\n  edge-runtime model profile model.onnx --threads 1")]
    Profile {
        /// The model file
        file: PathBuf,
        /// Runs, of which the shortest counts
        #[arg(long, default_value_t = 50)]
        runs: usize,
        /// Threads for one image
        #[arg(long, default_value = "1")]
        threads: NonZeroUsize,
    },
    /// Put a signed model in use on this board
    Install(InstallArgs),
    /// Go back to the model that was in use before
    #[command(
        after_help = "Examples:\n  edge-runtime model rollback --dry-run\n  edge-runtime model rollback"
    )]
    Rollback(RollbackArgs),
    /// Say which models this board has, which one is in use, and what happened to them
    #[command(
        after_help = "Examples:\n  edge-runtime model status\n  edge-runtime model status --check --json"
    )]
    Status(StatusArgs),
    /// Show what the model file says of itself: input, labels, threshold, training, validation
    #[command(after_help = SHOW_HELP)]
    Show {
        /// The model file
        file: PathBuf,
        /// One JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
}

/// Where the models of a board are.
#[derive(Debug, Clone, Args)]
pub(super) struct StoreArgs {
    /// Folder of the installed models
    #[arg(long, value_name = "DIR", default_value = DEFAULT_STORE)]
    store: PathBuf,
    /// Folder of the public keys (*.pub) whose signatures are trusted
    #[arg(long, value_name = "DIR", default_value = DEFAULT_KEYS)]
    keys: PathBuf,
}

impl StoreArgs {
    pub(super) fn location(&self) -> StoreLocation {
        StoreLocation { store: self.store.clone(), keys: self.keys.clone() }
    }
}

pub(super) fn run(command: &ModelCommand, out: &mut impl Write) -> Result<Outcome> {
    match command {
        ModelCommand::Show { file, json } => show::show(file, *json, out).map(|()| Outcome::Complete),
        ModelCommand::Explain { file, json } => show::explain(file, *json, out).map(|()| Outcome::Complete),
        ModelCommand::Profile { file, runs, threads } => {
            profile::run(file, *runs, *threads, out).map(|()| Outcome::Complete)
        }
        ModelCommand::Install(args) => installed::install(args, out),
        ModelCommand::Rollback(args) => installed::rollback(args, out),
        ModelCommand::Status(args) => installed::status(args, out),
    }
}
