//! `host-trainer keys`: key pairs for signing models.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use xray_signing::{NewKeys, Password};

use crate::files::write_new;

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

The boards take models signed by any key in their folder of keys. To rotate: make a new pair, bring its .pub to the
boards, sign with it from then on, and take the old .pub away when no board runs a model of it any more.")]
    New {
        /// Where to write, without ending; files that are there are not touched
        #[arg(long, value_name = "NAME")]
        out: PathBuf,
        /// Do not lock the secret key with a password
        #[arg(long)]
        no_password: bool,
    },
}

/// Runs `host-trainer keys`.
///
/// # Errors
/// If a file is there already, or cannot be written.
pub fn run(args: KeysArgs) -> Result<()> {
    let Command::New { out, no_password } = args.command;
    let with_ending = |ending: &str| {
        let mut name = out.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let (secret, public) = (with_ending(".key"), with_ending(".pub"));
    for path in [&secret, &public] {
        ensure!(!path.exists(), "{}: is there already; keys are never overwritten", path.display());
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let password = if no_password { Password::None } else { Password::Ask };
    let keys = NewKeys::make(password, &name)?;
    write(&secret, &keys.secret, 0o600)?;
    write(&public, &keys.public, 0o644)?;
    println!("{}: signs; keep it where nobody else reads it", secret.display());
    println!("{}: copy it to /etc/edge-runtime/keys on every board", public.display());
    Ok(())
}

fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    write_new(path, text.as_bytes(), mode)
        .with_context(|| format!("{}: could not be written; check the folder", path.display()))
}
