//! `host-trainer keys`: key pairs for signing models.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use xray_signing::Password;

use crate::commands::keys::new_key_pair;

/// Arguments of `host-trainer keys`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  host-trainer keys new --out keys/2026
  host-trainer sign --key keys/2026.key models/first.onnx")]
pub struct KeysArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key pair: NAME.key (secret, signs) and NAME.pub (public, goes to the boards)
    #[command(after_help = "Examples:
  host-trainer keys new --out keys/2026
  host-trainer keys new --out keys/build-machine --no-password

Boards accept models signed by any key in their folder of keys. To rotate: make a new pair, copy its .pub to the
boards, sign with it from then on, and remove the old .pub when no board runs a model signed with it any more.")]
    New {
        /// Name of the files without ending; existing files are not changed
        #[arg(long, value_name = "NAME")]
        out: PathBuf,
        /// Do not protect the secret key with a password
        #[arg(long)]
        no_password: bool,
    },
}

/// Runs `host-trainer keys`.
///
/// # Errors
/// If a file exists already, or cannot be written.
pub fn run(args: KeysArgs) -> Result<()> {
    let Command::New { out, no_password } = args.command;
    let password = if no_password { Password::None } else { Password::Ask };
    let files = new_key_pair(&out, password)?;
    println!("{}: signs; keep it where nobody else can read it", files.secret.display());
    println!("{}: copy it to /etc/edge-runtime/keys on every board", files.public.display());
    Ok(())
}
