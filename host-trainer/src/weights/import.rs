//! Imports a weight file of any supported kind.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Provenance, WeightSet, WeightsError, keras, safe, torch};
use crate::architectures::BackboneKind;

/// The largest file that is read, in bytes: five times DenseNet169 in float32, so a training checkpoint
/// with its optimiser still passes.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// Reads the weights of `kind` from a torchvision `.pth`, a `.safetensors` with torchvision's names, or a
/// Keras `.h5` or `.weights.h5` file. Which of them it is, is seen from its content, not from its name.
///
/// # Errors
/// [`WeightsError::Io`], [`WeightsError::TooLarge`] (see [`MAX_FILE_BYTES`]), [`WeightsError::Format`], and
/// [`WeightsError::Mismatch`], which names every tensor that is missing, too many or wrongly shaped. The
/// classifier and BatchNorm's `num_batches_tracked` are ignored.
pub fn import(path: &Path, kind: BackboneKind) -> Result<WeightSet, WeightsError> {
    import_bytes(path, &read_bounded(path)?, kind)
}

/// As [`import`], of bytes that were read from `path` already.
pub(crate) fn import_bytes(path: &Path, bytes: &[u8], kind: BackboneKind) -> Result<WeightSet, WeightsError> {
    if let Some(other) = other_file(bytes) {
        return Err(WeightsError::format(path, other));
    }
    let raw = match Container::of(bytes) {
        Some(Container::Hdf5) => keras::read(path, bytes, kind)?,
        Some(Container::Torch) => torch::read(path, bytes, kind)?,
        Some(Container::Safetensors) => safe::read(path, bytes, kind)?,
        None => return Err(WeightsError::format(path, "its first bytes are those of no known kind")),
    };
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let sha256 = xray_core::hex(&Sha256::digest(bytes));
    let provenance = raw.provenance.unwrap_or(Provenance::File { name, sha256, framework: raw.framework });
    let set = WeightSet { backbone: kind, conventions: raw.conventions, provenance, tensors: raw.tensors };
    set.check()?;
    Ok(set)
}

/// Reads a file that is at most [`MAX_FILE_BYTES`] long.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, WeightsError> {
    let io = |e: std::io::Error| WeightsError::io("read", path, &e);
    let file = File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    if size > MAX_FILE_BYTES {
        return Err(WeightsError::TooLarge { path: path.to_owned(), bytes: size, limit: MAX_FILE_BYTES });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // A device or a growing file has no true size: the bound holds while reading, too.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let bytes = bytes.len() as u64;
        return Err(WeightsError::TooLarge { path: path.to_owned(), bytes, limit: MAX_FILE_BYTES });
    }
    Ok(bytes)
}

/// What a file is that people take for weights, and what to do instead.
fn other_file(bytes: &[u8]) -> Option<&'static str> {
    let begins =
        |start: &[u8]| bytes.len() >= start.len() && bytes[..start.len()].eq_ignore_ascii_case(start);
    let holds = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    let text = bytes.trim_ascii_start();
    if bytes.is_empty() {
        return Some("it is empty");
    }
    if begins(b"version https://git-lfs") {
        return Some("it is a Git LFS pointer, not the weights themselves; fetch them with `git lfs pull`");
    }
    if text.starts_with(b"<") && !text.starts_with(b"<\0") {
        return Some(
            "it is a web page, not weights: the download asked for a login or failed; download the file itself",
        );
    }
    // The number of the format, then the name of the producer or what follows it.
    let safetensors = bytes.get(8) == Some(&b'{');
    if matches!(bytes, [0x08, 1..=20, 0x12 | 0x1a | 0x22 | 0x3a | 0x42, ..]) && !safetensors {
        return Some(
            "it is an ONNX file; `fit --base` takes models that this program exported, and no others can be read",
        );
    }
    if begins(b"PK\x03\x04") && holds(b"model.weights.h5") {
        return Some(
            "it is a .keras archive; save the weights alone with model.save_weights('x.weights.h5'), or unpack it as a zip \
             and give the model.weights.h5 in it",
        );
    }
    if begins(b"PK\x03\x04") && holds(b"/code/__torch__") {
        return Some(
            "it is a TorchScript archive; save the weights alone with torch.save(model.state_dict(), 'x.pth')",
        );
    }
    None
}

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Hdf5,
    Torch,
    Safetensors,
}

impl Container {
    /// Seen from the first bytes: the signatures of HDF5 and zip, a pickle of protocol 2 or more, a tar
    /// archive, or a JSON object behind its length.
    fn of(bytes: &[u8]) -> Option<Container> {
        let tar = bytes.get(257..262) == Some(b"ustar");
        if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
            Some(Container::Hdf5)
        } else if bytes.get(8) == Some(&b'{') && bytes.get(6..8) == Some(&[0, 0]) {
            Some(Container::Safetensors)
        } else if bytes.starts_with(b"PK\x03\x04") || matches!(bytes, [0x80, 2..=5, ..]) || tar {
            Some(Container::Torch)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_for_weights_is_named() {
        for (bytes, words) in [
            (&b""[..], "empty"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
            (b"\n<!DOCTYPE html><html>", "web page"),
            (b"\x08\x07\x12\x07pytorch", "ONNX"),
            (b"PK\x03\x04...metadata.json...config.json...model.weights.h5", ".keras archive"),
            (b"PK\x03\x04...x/code/__torch__/net.py", "TorchScript"),
        ] {
            assert!(other_file(bytes).is_some_and(|said| said.contains(words)), "{words}");
        }
        for bytes in [
            &b"PK\x03\x04...archive/data.pkl"[..],
            b"\x89HDF\r\n\x1a\n",
            b"\x80\x02\x8a\x0a",
            b"\x08\x01\0\0\0\0\0\0{",
        ] {
            assert_eq!(other_file(bytes), None, "{bytes:?}");
        }
    }
}
