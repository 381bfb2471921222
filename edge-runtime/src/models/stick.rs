//! Whether a USB stick carries a signed model.

use std::io;
use std::path::{Path, PathBuf};

use xray_core::package::signature_of;

use super::SourceFile;

/// Entries of the stick's top folder that are searched.
const LOOKED_AT: usize = 10_000;

/// The signed models in the top folder of a stick. Whether a signature holds is not known yet; one stick carries one
/// model to be installed, so that nobody has to guess which of several a board would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelsOnStick {
    /// No `.onnx` file with a signature beside it.
    Nothing,
    /// One, for [`ModelStore::install_file`](super::ModelStore::install_file).
    One(SourceFile),
    /// More than one: none is installed.
    Several(Vec<PathBuf>),
}

/// Looks for signed models in the top folder of a stick. Links are passed over. Nothing is written or opened.
///
/// # Errors
/// The operating system's error if the folder cannot be listed.
pub fn find_models(stick: &Path) -> io::Result<ModelsOnStick> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(stick)?.take(LOOKED_AT) {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "onnx")
            && is_file(&path)
            && is_file(&signature_of(&path))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(match <[PathBuf; 1]>::try_from(found) {
        Ok([model]) => ModelsOnStick::One(SourceFile { signature: signature_of(&model), model }),
        Err(found) if found.is_empty() => ModelsOnStick::Nothing,
        Err(found) => ModelsOnStick::Several(found),
    })
}

fn is_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn one_signed_model_is_found_among_other_things() {
        let stick = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(stick.path().join(name), "x").unwrap();
        assert_eq!(find_models(stick.path()).unwrap(), ModelsOnStick::Nothing);
        write("chest.jpeg");
        write("unsigned.onnx");
        write("stray.onnx.minisig");
        std::fs::create_dir(stick.path().join("folder.onnx")).unwrap();
        write("folder.onnx.minisig");
        assert_eq!(find_models(stick.path()).unwrap(), ModelsOnStick::Nothing);
        write("two.onnx");
        write("two.onnx.minisig");
        let model = stick.path().join("two.onnx");
        assert_eq!(
            find_models(stick.path()).unwrap(),
            ModelsOnStick::One(SourceFile { signature: signature_of(&model), model })
        );
        write("three.onnx");
        write("three.onnx.minisig");
        let several = ["three.onnx", "two.onnx"].map(|name| stick.path().join(name)).to_vec();
        assert_eq!(find_models(stick.path()).unwrap(), ModelsOnStick::Several(several));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_model() {
        let stick = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", stick.path().join("a.onnx")).unwrap();
        std::fs::write(stick.path().join("a.onnx.minisig"), "x").unwrap();
        assert_eq!(find_models(stick.path()).unwrap(), ModelsOnStick::Nothing);
    }
}
