//! Writes small signed models for trying out how boards are updated: they screen nothing, they only follow the rules.
//!
//! ```sh
//! cargo run --release -p edge-runtime --example packages -- OUT
//! ```
//!
//! gives `OUT/keys/test.pub`, `OUT/one.onnx` and `OUT/two.onnx` (versions 1 and 2), and `OUT/stranger.onnx`, signed by
//! a key that is not in `OUT/keys`; each with its signature.

use std::path::Path;

use anyhow::{Context, Result};
use xray_core::package::{PackageFile, signature_of};
use xray_signing::{NewKeys, Password, SecretKey, sign, stamp};
use xray_testkit::model::model_bytes_with_known_answer;

fn main() -> Result<()> {
    let out = std::env::args_os().nth(1).context("usage: packages OUT")?;
    let out = Path::new(&out);
    let (ours, stranger) =
        (NewKeys::make(Password::None, "test")?, NewKeys::make(Password::None, "stranger")?);
    std::fs::create_dir_all(out.join("keys"))?;
    std::fs::write(out.join("keys/test.pub"), &ours.public)?;
    for (name, version, keys) in [("one", 1, &ours), ("two", 2, &ours), ("stranger", 3, &stranger)] {
        let path = out.join(format!("{name}.onnx"));
        let secret = SecretKey::from_text(Path::new("key"), &keys.secret, Password::None)?;
        let file = stamp(PackageFile::from_bytes(&path, model_bytes_with_known_answer(0.0)), Some(version))?;
        std::fs::write(&path, file.bytes())?;
        std::fs::write(signature_of(&path), sign(&file, &secret, &format!("version:{version}"))?)?;
        println!("{}  version {version}  {}", path.display(), file.sha256());
    }
    Ok(())
}
