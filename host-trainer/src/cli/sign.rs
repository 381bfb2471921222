//! `host-trainer sign`: a detached minisign signature over a model file.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use xray_core::package::{PackageFile, signature_of};
use xray_signing::{Password, SecretKey, sign, stamp};

use crate::files::write_atomic;

/// Arguments of `host-trainer sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  host-trainer sign --key keys/2026.key --model-version 3 models/first.onnx
  minisign -Vm models/first.onnx -p keys/2026.pub

Writes the signature beside the model, as FILE.onnx.minisig. A board takes no model of a lower version in the place
of one of a higher. With --model-version, or if the model has no answer to the test pattern yet, the model's metadata
are completed first, and its hash changes; weights and graph stay as they are.")]
pub struct SignArgs {
    /// The secret key, from `host-trainer keys new` or `minisign -G`
    #[arg(long, value_name = "FILE.key")]
    key: PathBuf,
    /// Version to write into the model, 1 or more: higher than that of any model that was given out before
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    model_version: Option<u64>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// The model, from `host-trainer export`
    #[arg(value_name = "FILE.onnx")]
    model: PathBuf,
}

#[derive(serde::Serialize)]
struct Signed {
    model: PathBuf,
    signature: PathBuf,
    sha256: String,
    version: u64,
}

/// Runs `host-trainer sign`.
///
/// # Errors
/// If the key or the model cannot be read, the model is not one that a board takes, or a file cannot be written.
pub fn run(args: SignArgs) -> Result<()> {
    let text = std::fs::read_to_string(&args.key)
        .with_context(|| format!("secret key {}: could not be read; check the path", args.key.display()))?;
    let original = PackageFile::read(&args.model)?;
    let stamped = stamp(original.clone(), args.model_version)?;
    let version = stamped.clone().verify()?.contract().version;
    let key = SecretKey::from_text(&args.key, &text, Password::Ask)?;
    let comment = format!("xray-edge model version:{version} sha256:{}", stamped.sha256());
    let signed = sign(&stamped, &key, &comment)?;
    let signature = signature_of(&args.model);
    if stamped.sha256() != original.sha256() {
        write_atomic(&args.model, stamped.bytes())
            .with_context(|| format!("{}: could not be written", args.model.display()))?;
    }
    write_atomic(&signature, signed.as_bytes())
        .with_context(|| format!("{}: could not be written", signature.display()))?;
    if version == 0 {
        eprintln!(
            "warning: the model has version 0: a board cannot tell it from an older one; see --model-version"
        );
    }
    let result = Signed { model: args.model, signature, sha256: stamped.sha256().to_owned(), version };
    if args.json {
        println!("{}", serde_json::to_string(&result)?);
    } else {
        println!("{}: version {version}, sha256 {}", result.model.display(), result.sha256);
        println!("{}: signature", result.signature.display());
    }
    Ok(())
}
