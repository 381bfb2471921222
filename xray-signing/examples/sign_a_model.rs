//! Makes a key pair and signs a model with it: what a board needs before it takes the model.
//!
//!     cargo run --release -p edge-runtime -p xray-signing --example sign_a_model -- MODEL.onnx FOLDER

use std::fs;
use std::path::Path;

use xray_core::package::PackageFile;
use xray_signing::{NewKeys, Password, SecretKey, sign, stamp};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, folder] = arguments.as_slice() else {
        return Err("usage: sign_a_model MODEL.onnx FOLDER".into());
    };
    let folder = Path::new(folder);
    fs::create_dir(folder)?;
    let keys = NewKeys::make(Password::None, "example")?;
    let secret = SecretKey::from_text(&folder.join("example.key"), &keys.secret, Password::None)?;
    let model = stamp(PackageFile::read(Path::new(model))?, Some(1))?;

    fs::write(folder.join("example.pub"), &keys.public)?;
    fs::write(folder.join("model.onnx"), model.bytes())?;
    fs::write(folder.join("model.onnx.minisig"), sign(&model, &secret, "version 1")?)?;
    println!(
        "example.pub, model.onnx and model.onnx.minisig are in {}; the secret key was not kept",
        folder.display()
    );
    Ok(())
}
