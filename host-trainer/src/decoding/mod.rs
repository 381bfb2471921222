//! Images for this program. Each is decoded by a child process ([`xray_decode`]), as on a board: nothing that a file does to a
//! decoder reaches the training, the keys or the next image. The children are kept, since a training reads thousands of
//! images. A test below checks that nothing here decodes in this process.
//!
//! A child is this program once more, so whatever uses this module must begin with [`run_child`], or name a program that does
//! ([`use_program`]).

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use xray_core::screening::ScreeningError;
use xray_decode::{DecodeError, DecodeLimits, Decoder, DecoderPool, Identity};
use xray_intake::Radiograph;

pub use xray_decode::run_child;

/// Children need more memory than those of the program on the board, whose code is smaller.
const MEMORY: u64 = 1 << 30;

static POOL: OnceLock<DecoderPool> = OnceLock::new();

/// A file without an image, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", .file.display())]
pub struct ReadError {
    pub file: PathBuf,
    pub problem: DecodeError,
}

impl From<ReadError> for ScreeningError {
    fn from(error: ReadError) -> Self {
        ScreeningError::Decoder {
            file: error.file.display().to_string(),
            code: error.problem.code(),
            reason: error.problem.to_string(),
        }
    }
}

/// Has the children of another program decode, for a process that does not begin with [`run_child`], such as a test. Without
/// effect once an image was read.
pub fn use_program(program: &Path) {
    POOL.get_or_init(|| DecoderPool::new(Decoder::of_program(program.to_owned(), limits())));
}

fn limits() -> DecodeLimits {
    DecodeLimits { memory: MEMORY, ..DecodeLimits::default() }
}

fn pool() -> &'static DecoderPool {
    POOL.get_or_init(|| DecoderPool::new(Decoder::new(limits())))
}

/// The image in a file.
///
/// # Errors
/// [`ReadError`]; a file that ends its decoder is a damaged one.
pub fn read_file(file: &Path) -> Result<Radiograph, ReadError> {
    pool().decode_file(file).map_err(|problem| ReadError { file: file.to_owned(), problem })
}

/// As [`read_file`], for [`Screener::screen_decoded`](xray_core::screening::Screener::screen_decoded).
///
/// # Errors
/// [`ScreeningError::Decoder`].
pub fn image_to_screen(file: &Path) -> Result<Radiograph, ScreeningError> {
    Ok(read_file(file)?)
}

/// What a DICOM file says of patient and study; nothing for other files.
///
/// # Errors
/// [`ReadError`].
pub fn dicom_identity(file: &Path) -> Result<Identity, ReadError> {
    pool().identity(file).map_err(|problem| ReadError { file: file.to_owned(), problem })
}

#[cfg(test)]
mod tests;
