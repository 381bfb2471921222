//! Reading a model from a stick, in a thread of its own: a stick that stops answering must not hold the loop up.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use xray_core::package::{MAX_PACKAGE_BYTES, PackageError, PackageFile, SignatureFile};

use crate::inputs::Progress;
use crate::models::SourceFile;

/// From one look whether it gets on to the next.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Bytes of one read.
const PART_BYTES: usize = 256 * 1024;

/// A model and its signature, as far as it could be read.
pub(super) type ReadModel = (PackageFile, Result<SignatureFile, PackageError>);

/// Why a model was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ModelReadError {
    /// A read does not return.
    #[error("the stick has not answered for {} s while its model was read; put it in again, or take another one", .0.as_secs())]
    Silent(Duration),
    /// The operating system refused.
    #[error("the model on the stick could not be read: {0}; copy it onto the stick again")]
    Io(io::Error),
}

/// Reads both files. While that lasts `alive` is called at intervals; it is given up when no part of them came for `patience`.
pub(super) fn read(
    source: &SourceFile,
    patience: Duration,
    alive: &mut dyn FnMut(),
) -> Result<ReadModel, ModelReadError> {
    let (done, read) = channel();
    let (files, progress) = (source.clone(), Progress::default());
    let parts = progress.clone();
    let work = move || {
        let file = read_bytes(&files.model, &parts).map(|bytes| {
            let signature = SignatureFile::read(&files.signature, &files.model);
            (PackageFile::from_bytes(&files.model, bytes), signature)
        });
        // Nobody waits any more if it took too long.
        let _ = done.send(file);
    };
    thread::Builder::new().name("stick model".into()).spawn(work).map_err(ModelReadError::Io)?;
    let (mut last, mut since) = (progress.parts(), Instant::now());
    loop {
        match read.recv_timeout(LOOK_INTERVAL) {
            Ok(file) => return file.map_err(ModelReadError::Io),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ModelReadError::Io(io::Error::other("its thread ended")));
            }
            Err(RecvTimeoutError::Timeout) => alive(),
        }
        if progress.parts() != last {
            (last, since) = (progress.parts(), Instant::now());
        } else if since.elapsed() >= patience {
            return Err(ModelReadError::Silent(patience));
        }
    }
}

fn read_bytes(path: &Path, progress: &Progress) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let (mut bytes, mut part) = (Vec::new(), vec![0; PART_BYTES]);
    loop {
        match file.read(&mut part) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        progress.mark();
        if bytes.len() as u64 > MAX_PACKAGE_BYTES {
            return Err(io::Error::other(format!("it is over {MAX_PACKAGE_BYTES} bytes")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_read_and_one_on_a_stick_that_hangs_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let source = SourceFile { model: at("m.onnx"), signature: at("m.onnx.minisig") };
        let read = |alive: &mut dyn FnMut()| read(&source, Duration::from_millis(400), alive);
        assert!(matches!(read(&mut || ()), Err(ModelReadError::Io(_))), "it is not there");
        std::fs::write(&source.model, vec![7; PART_BYTES + 1]).expect("written");
        let (file, signature) = read(&mut || ()).expect("read");
        assert_eq!((file.bytes().len(), signature.is_err()), (PART_BYTES + 1, true));
        // Nobody writes to this pipe: to open it does not return.
        std::fs::remove_file(&source.model).expect("removed");
        let made = std::process::Command::new("mkfifo").arg(&source.model).status().expect("mkfifo");
        assert!(made.success());
        let mut lives = 0;
        let hangs = read(&mut || lives += 1);
        assert!(matches!(hangs, Err(ModelReadError::Silent(_))), "{hangs:?}");
        assert!(lives > 0);
    }
}
