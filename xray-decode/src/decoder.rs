//! The parent: starts a child for each image, gives it the bytes, checks what it answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use xray_intake::{IntakeProblem, Radiograph, open_bounded};

use crate::answer::Answer;
use crate::confine::Confinement;
use crate::error::{DecodeError, StopReason};
use crate::request::{Request, Source, View};
use crate::running::{ChildEnd, RunningChild};

/// How often an image is given to another child after one that was ended from outside.
const RETRIES: u32 = 2;
/// Before that; longer each time.
const RETRY_PAUSE: Duration = Duration::from_millis(300);
/// What another attempt has at least, however long those before it took.
const LEAST_TIME: Duration = Duration::from_millis(100);

/// What a child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Address space, in bytes; the program's own code and libraries count.
    pub memory: u64,
    /// Until its answer is read to the end; CPU time is bounded by the same, in whole seconds.
    pub deadline: Duration,
}

impl Default for DecodeLimits {
    /// Enough for the largest image within the limits of [`xray_intake`] on a slow board.
    fn default() -> Self {
        DecodeLimits { memory: 640 * 1024 * 1024, deadline: Duration::from_secs(30) }
    }
}

/// Decodes each image in a child of its own.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    program: Option<PathBuf>,
    limits: DecodeLimits,
    give_way: Option<Arc<AtomicBool>>,
}

impl Decoder {
    /// Children of this program, which must call [`run_child`](crate::run_child) first of all.
    pub fn new(limits: DecodeLimits) -> Self {
        Decoder { program: None, limits, give_way: None }
    }

    /// Children of another program.
    pub fn of_program(program: PathBuf, limits: DecodeLimits) -> Self {
        Decoder { program: Some(program), limits, give_way: None }
    }

    /// The same with another deadline.
    #[must_use]
    pub fn within(&self, deadline: Duration) -> Self {
        Decoder { limits: DecodeLimits { deadline, ..self.limits }, ..self.clone() }
    }

    /// The same for images that are less urgent than others: its child is stopped as soon as `flag` is set
    /// ([`DecodeError::GaveWay`]).
    #[must_use]
    pub fn giving_way(&self, flag: Arc<AtomicBool>) -> Self {
        Decoder { give_way: Some(flag), ..self.clone() }
    }

    /// What its children may use.
    pub fn limits(&self) -> DecodeLimits {
        self.limits
    }

    /// Decodes a small image and gives how the child could limit itself.
    ///
    /// # Errors
    /// [`DecodeError`] if no image can be decoded here at all.
    pub fn check(&self) -> Result<Confinement, DecodeError> {
        let mut bytes = b"P5 64 64 255\n".to_vec();
        bytes.extend((0..64 * 64).map(|at| (at % 256) as u8));
        let answer = self.answer(|| Ok(Source::Bytes(&bytes)), Request::default())?;
        answer.image.map(|_| answer.confinement)
    }

    /// Decodes a file.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode_file(&self, file: &Path, view: View) -> Result<Radiograph, DecodeError> {
        let request = Request { view, identity: false };
        self.answer(|| open_bounded(file).map(Source::File), request)?.image.map(|image| image.radiograph)
    }

    /// Decodes the bytes of a file.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode_bytes(&self, bytes: &[u8], view: View) -> Result<Radiograph, DecodeError> {
        let request = Request { view, identity: false };
        self.read(bytes, request)?.image.map(|image| image.radiograph)
    }

    /// Everything that is asked of the bytes of a file.
    ///
    /// # Errors
    /// [`DecodeError::Stopped`] or [`DecodeError::Unavailable`]; a file that was refused is an answer.
    pub fn read(&self, bytes: &[u8], request: Request) -> Result<Answer, DecodeError> {
        self.answer(|| Ok(Source::Bytes(bytes)), request)
    }

    fn answer<'a>(
        &self,
        source: impl Fn() -> Result<Source<'a>, IntakeProblem>,
        request: Request,
    ) -> Result<Answer, DecodeError> {
        let end = Instant::now() + self.limits.deadline;
        let mut attempt = 0;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let limits = DecodeLimits { deadline: left.max(LEAST_TIME), ..self.limits };
            if self.give_way.as_ref().is_some_and(|flag| flag.load(Ordering::Acquire)) {
                return Err(DecodeError::GaveWay);
            }
            let reason = match self.run(source()?, request, limits) {
                Ok(ChildEnd::Answered(answer)) => return Ok(answer),
                Ok(ChildEnd::GaveWay) => return Err(DecodeError::GaveWay),
                Ok(ChildEnd::Late) => {
                    let deadline = self.limits.deadline;
                    return Err(DecodeError::Stopped(StopReason::Time { deadline }));
                }
                Ok(ChildEnd::Stopped(reason)) => return Err(DecodeError::Stopped(reason)),
                // Memory that others took may be free again.
                Ok(ChildEnd::Killed) if attempt == RETRIES => {
                    return Err(DecodeError::Stopped(StopReason::Memory { limit: self.limits.memory }));
                }
                Ok(ChildEnd::Killed) => String::new(),
                Ok(ChildEnd::Interrupted(reason)) => reason,
                Err(error) => error.to_string(),
            };
            if attempt == RETRIES {
                return Err(DecodeError::Unavailable { reason });
            }
            attempt += 1;
            thread::sleep(RETRY_PAUSE * attempt);
        }
    }

    fn run(&self, source: Source<'_>, request: Request, limits: DecodeLimits) -> io::Result<ChildEnd> {
        RunningChild::start(&self.program()?, source, request, limits, self.give_way.as_deref())?.finish()
    }

    /// The program whose children decode.
    pub(crate) fn program(&self) -> io::Result<PathBuf> {
        self.program.clone().map_or_else(this_program, Ok)
    }
}

/// The program that runs. After an update its file may be gone, and another have its name: its answers could be other ones.
fn this_program() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    #[cfg(target_os = "linux")]
    if !program.exists() {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    Ok(program)
}
