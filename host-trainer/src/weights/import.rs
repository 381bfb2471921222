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
    let raw = match Container::of(bytes) {
        Some(Container::Hdf5) => keras::read(path, bytes, kind)?,
        Some(Container::Torch) => torch::read(path, bytes, kind)?,
        Some(Container::Safetensors) => safe::read(path, bytes, kind)?,
        None if bytes.is_empty() => return Err(WeightsError::format(path, "it is empty")),
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
