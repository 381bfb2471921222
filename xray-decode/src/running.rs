//! One child from its start to its end.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::answer::{Answer, ENDS_EARLY};
use crate::child::NOT_CONFINED;
use crate::decoder::DecodeLimits;
use crate::error::StopReason;
use crate::request::{ChildTask, Request, Serves, Source};

/// How much of its standard error is read.
const MAX_ERROR_BYTES: u64 = 4096;
/// What the standard library writes before it aborts for want of memory.
const OUT_OF_MEMORY: &str = "memory allocation of";
/// From one look whether it has ended to the next.
const POLL_INTERVAL: Duration = Duration::from_micros(200);
/// From one look whether it is to give way to the next.
const GIVE_WAY_INTERVAL: Duration = Duration::from_millis(10);
/// How long a child may take to end once its output is of no use.
const ENDING: Duration = Duration::from_millis(100);

/// How a child ended.
pub(crate) enum ChildEnd {
    /// With an answer.
    Answered(Answer),
    /// For another image that is more urgent.
    GaveWay,
    /// By the deadline.
    Late,
    /// By its own fault.
    Stopped(StopReason),
    /// By SIGKILL from outside: the kernel ran out of memory, or the program is being ended.
    Killed,
    /// By another signal that comes from outside, or before it began.
    Interrupted(String),
}

pub(crate) struct RunningChild<'a> {
    child: Mutex<Child>,
    /// The bytes that it still has to be given.
    bytes: &'a [u8],
    limits: DecodeLimits,
    end: Instant,
    give_way: Option<&'a AtomicBool>,
}

impl<'a> RunningChild<'a> {
    /// Starts it with an empty environment, in `/`.
    pub(crate) fn start(
        program: &Path,
        source: Source<'a>,
        request: Request,
        limits: DecodeLimits,
        give_way: Option<&'a AtomicBool>,
    ) -> io::Result<Self> {
        let (input, bytes): (Stdio, &[u8]) = match source {
            Source::File(file) => (file.into(), &[]),
            Source::Bytes(bytes) => (Stdio::piped(), bytes),
        };
        let end = Instant::now() + limits.deadline;
        let mut command = command(program);
        command.args(ChildTask { request, limits, serves: Serves::One }.to_arguments()).env_clear();
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        command.current_dir("/");
        let child = Mutex::new(command.spawn()?);
        Ok(RunningChild { child, bytes, limits, end, give_way })
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives it its bytes and takes its answer, until the deadline; it has ended and is forgotten by the system then.
    pub(crate) fn finish(self) -> io::Result<ChildEnd> {
        let (input, output, errors) = {
            let mut child = self.child();
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        };
        let (answer, cut_short) = self.exchange(input, output);
        let status = self.wait()?;
        if Instant::now() >= self.end {
            return Ok(ChildEnd::Late);
        }
        if self.gives_way() {
            return Ok(ChildEnd::GaveWay);
        }
        Ok(match answer {
            Ok(answer) if status.success() => ChildEnd::Answered(answer),
            // Else its own end says more.
            Err(broken) if status.success() || cut_short || broken != ends_early() => {
                ChildEnd::Stopped(broken)
            }
            _ => self.died(status, errors),
        })
    }

    /// Writes and reads at the same time; at the deadline the child is ended. Gives whether it was ended for its answer.
    fn exchange(
        &self,
        input: Option<ChildStdin>,
        output: Option<ChildStdout>,
    ) -> (Result<Answer, StopReason>, bool) {
        let (finished, watched) = channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                while Instant::now() < self.end && !self.gives_way() {
                    let left = self.end.saturating_duration_since(Instant::now());
                    let wait = if self.give_way.is_some() { left.min(GIVE_WAY_INTERVAL) } else { left };
                    if watched.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
                self.kill();
            });
            if let Some(mut input) = input {
                // It may end before it has read everything.
                scope.spawn(move || input.write_all(self.bytes).is_ok());
            }
            let read = match output {
                Some(mut output) => Answer::read(&mut output),
                None => Err(StopReason::Answer { what: "no output" }),
            };
            // What it still writes is not read, and what it still reads is not needed.
            let cut_short = read.is_err() && self.kill_unless_ending();
            drop(finished);
            (read, cut_short)
        })
    }

    /// Whether an image that is more urgent waits.
    fn gives_way(&self) -> bool {
        self.give_way.is_some_and(|flag| flag.load(Ordering::Acquire))
    }

    fn kill(&self) {
        // It fails only if it has ended.
        let _ = self.child().kill();
    }

    /// Ends a child that does not end by itself within a moment: if it does, its own end says more. Gives whether it was
    /// ended.
    fn kill_unless_ending(&self) -> bool {
        let end = (Instant::now() + ENDING).min(self.end);
        while Instant::now() < end {
            if !matches!(self.child().try_wait(), Ok(None)) {
                return false;
            }
            thread::sleep(POLL_INTERVAL);
        }
        self.kill();
        true
    }

    /// Waits until it has ended, and ends it at the deadline.
    fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.child().try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= self.end || self.gives_way() {
                self.kill();
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Why it ended without a valid answer.
    fn died(&self, status: ExitStatus, errors: Option<ChildStderr>) -> ChildEnd {
        let mut said = Vec::new();
        // It has ended, so this comes to an end, too.
        let _ = errors.map(|errors| errors.take(MAX_ERROR_BYTES).read_to_end(&mut said));
        let said = String::from_utf8_lossy(&said);
        if said.contains(OUT_OF_MEMORY) {
            return ChildEnd::Stopped(StopReason::Memory { limit: self.limits.memory });
        }
        if status.code() == Some(NOT_CONFINED.into()) {
            return ChildEnd::Interrupted("it could not limit itself".to_owned());
        }
        #[cfg(unix)]
        if let Some(end) = self.by_signal(status) {
            return end;
        }
        ChildEnd::Stopped(StopReason::Crash { how: status.to_string() })
    }

    #[cfg(unix)]
    fn by_signal(&self, status: ExitStatus) -> Option<ChildEnd> {
        use std::os::unix::process::ExitStatusExt;

        use rustix::process::Signal;

        let signal = status.signal()?;
        let is = |other: Signal| signal == other.as_raw();
        if is(Signal::KILL) {
            return Some(ChildEnd::Killed);
        }
        if is(Signal::XCPU) {
            return Some(ChildEnd::Late);
        }
        // Whoever ends the service sends these to all of its processes.
        let from_outside = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT].into_iter().any(is);
        from_outside.then(|| ChildEnd::Interrupted(format!("it was ended from outside ({status})")))
    }
}

fn ends_early() -> StopReason {
    StopReason::Answer { what: ENDS_EARLY }
}

#[cfg(not(feature = "test-runner"))]
pub(crate) fn command(program: &Path) -> Command {
    Command::new(program)
}

/// `XRAY_EDGE_RUNNER` holds the words to put before a program that was built for another processor. A script needs none.
#[cfg(feature = "test-runner")]
pub(crate) fn command(program: &Path) -> Command {
    let mut magic = [0; 4];
    let read = std::fs::File::open(program).and_then(|mut file| file.read_exact(&mut magic));
    let is_program = read.is_ok() && magic == *b"\x7fELF";
    let runner = std::env::var("XRAY_EDGE_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    match words.next() {
        Some(first) if is_program => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
        _ => Command::new(program),
    }
}
