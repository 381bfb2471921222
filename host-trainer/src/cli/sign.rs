//! `host-trainer sign`: a detached minisign signature over a model file.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::commands::sign::sign_model;

/// Arguments of `host-trainer sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer sign --key keys/2026.key --model-version 3 models/first.onnx
  minisign -Vm models/first.onnx -p keys/2026.pub

Writes the signature beside the model, as FILE.onnx.minisig. A board takes no model without a version, with a lower
one than it ran, or with one that another model had. With --model-version, or if the model has no answer to the test pattern yet, the metadata of the model are
completed first, and its hash changes; weights and graph stay unchanged.")]
pub struct SignArgs {
    /// The secret key, from `host-trainer keys new` or `minisign -G`
    #[arg(long, value_name = "FILE.key")]
    key: PathBuf,
    /// Version to write into the model, 1 or more: higher than that of any model that was released before
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    model_version: Option<u64>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The model, from `host-trainer export`
    #[arg(value_name = "FILE.onnx")]
    model: PathBuf,
}

/// Runs `host-trainer sign`.
///
/// # Errors
/// As [`sign_model`].
pub fn run(args: SignArgs) -> Result<()> {
    let signed = sign_model(&args.model, &args.key, args.model_version)?;
    if signed.version == 0 {
        eprintln!(
            "warning: the model has version 0, so a board refuses it; give it one with --model-version"
        );
    }
    if args.json {
        println!("{}", serde_json::to_string(&signed)?);
    } else {
        println!("{}: version {}, sha256 {}", signed.model.display(), signed.version, signed.sha256);
        println!("{}: signature", signed.signature.display());
    }
    Ok(())
}
