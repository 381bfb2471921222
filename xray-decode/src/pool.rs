//! Children that decode one file after another, for programs that read thousands of them.
//!
//! Each is confined as a child for one image is. A file that a child refuses, or that ends it, is the last that this child
//! sees: whether it is damaged, a child of its own says, so that no file is judged by what another one did to its decoder.

use std::io::{self, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use xray_intake::{IntakeError, Radiograph, read_bytes};

use crate::answer::Answer;
use crate::child::FileTask;
use crate::decoder::Decoder;
use crate::error::{DecodeError, StopReason};
use crate::identity::Identity;
use crate::request::{ChildTask, Request, Serves, View};
use crate::running::command;

/// Files that a child decodes before another takes its place. All of its files together have the CPU time of one.
const MOST_FILES: u32 = 256;

/// Children that wait for files; as many as threads asked at once.
#[derive(Debug, Default)]
pub struct DecoderPool {
    decoder: Decoder,
    idle: Mutex<Vec<PooledChild>>,
    started: AtomicU64,
}

impl DecoderPool {
    /// A pool of children as those of `decoder`; none is started yet.
    pub fn new(decoder: Decoder) -> Self {
        DecoderPool { decoder, ..DecoderPool::default() }
    }

    /// What decides where a child of the pool gives no image.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// How many children the pool has started.
    pub fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Decodes a file as it says itself ([`View::AsMarked`]).
    ///
    /// # Errors
    /// [`DecodeError`], the same as a child for this file alone gives.
    pub fn decode_file(&self, file: &Path) -> Result<Radiograph, DecodeError> {
        self.decode_bytes(&bytes_of(file)?)
    }

    /// Decodes the bytes of a file.
    ///
    /// # Errors
    /// As [`DecoderPool::decode_file`].
    pub fn decode_bytes(&self, bytes: &[u8]) -> Result<Radiograph, DecodeError> {
        match self.ask(FileTask::Image, bytes).map(|answer| answer.image) {
            Some(Ok(image)) => Ok(image.radiograph),
            Some(Err(_)) | None => self.decoder.decode_bytes(bytes, View::AsMarked),
        }
    }

    /// What a DICOM file says of patient and study; nothing for other files. Its pixels are not decoded.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn identity(&self, file: &Path) -> Result<Identity, DecodeError> {
        let bytes = bytes_of(file)?;
        match self.ask(FileTask::Identity, &bytes) {
            Some(answer) => Ok(answer.identity),
            None => Ok(self.decoder.read(&bytes, Request { identity: true, ..Request::default() })?.identity),
        }
    }

    /// The answer of a child of the pool; none if it gave none.
    fn ask(&self, task: FileTask, bytes: &[u8]) -> Option<Answer> {
        let idle = self.idle().pop();
        let mut child = match idle {
            Some(child) => child,
            None => {
                self.started.fetch_add(1, Ordering::Relaxed);
                PooledChild::start(&self.decoder).ok()?
            }
        };
        let answer = child.exchange(task, bytes, self.decoder.limits().deadline).ok()?;
        let refused = task == FileTask::Image && answer.image.is_err();
        if !refused && child.files < MOST_FILES {
            self.idle().push(child);
        }
        Some(answer)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PooledChild>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, DecodeError> {
    read_bytes(file).map_err(|IntakeError { problem, .. }| problem.into())
}

#[derive(Debug)]
struct PooledChild {
    child: Mutex<Child>,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Files that it was given.
    files: u32,
}

impl PooledChild {
    fn start(decoder: &Decoder) -> io::Result<Self> {
        let task = ChildTask { request: Request::default(), limits: decoder.limits(), serves: Serves::Many };
        let mut command = command(&decoder.program()?);
        command.args(task.to_arguments()).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        command.current_dir("/");
        let mut child = command.spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => {
                Ok(PooledChild { child: Mutex::new(child), input, output: BufReader::new(output), files: 0 })
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Gives it a file and takes its answer; at the deadline it is ended.
    fn exchange(&mut self, task: FileTask, bytes: &[u8], deadline: Duration) -> Result<Answer, StopReason> {
        let PooledChild { child, input, output, files } = self;
        *files += 1;
        let child = &*child;
        let (finished, watched) = channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                if watched.recv_timeout(deadline) == Err(RecvTimeoutError::Timeout) {
                    end(child);
                }
            });
            let answer = match write(input, task, bytes) {
                Ok(()) => Answer::read_next(output),
                Err(_) => Err(StopReason::Answer { what: "it reads no more" }),
            };
            drop(finished);
            answer
        })
    }
}

fn write(input: &mut ChildStdin, task: FileTask, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    input.write_all(&[&[task as u8][..], &length.to_be_bytes()].concat())?;
    input.write_all(bytes)?;
    input.flush()
}

fn end(child: &Mutex<Child>) {
    // It fails only if it has ended.
    let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
}

impl Drop for PooledChild {
    /// It is ended, and forgotten by the system.
    fn drop(&mut self) {
        end(&self.child);
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait();
    }
}
