//! Cameras on the ribbon cable of a Raspberry Pi. Today's system reaches them through libcamera only, which has no stable
//! interface for other languages; its own program takes the picture.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{CameraDevice, Frame, MAX_FRAME_BYTES, ShotError};

/// No window; two seconds for exposure and focus; five megapixels, which every module for the Pi has or scales to; the
/// picture to the standard output, so that it is in no file of another program.
const ARGUMENTS: [&str; 13] = [
    "--nopreview",
    "--timeout",
    "2000",
    "--encoding",
    "jpg",
    "--quality",
    "95",
    "--width",
    "2592",
    "--height",
    "1944",
    "--output",
    "-",
];
/// How much of what it complains about is read, in bytes.
const COMPLAINT: u64 = 4096;
/// From one look whether it has ended to the next.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// The program `rpicam-still`.
#[derive(Debug, Clone)]
pub struct RpicamStill {
    program: PathBuf,
    deadline: Duration,
}

impl RpicamStill {
    /// The program at a path, which may take as long as `deadline`.
    pub fn new(program: &Path, deadline: Duration) -> Self {
        RpicamStill { program: program.to_owned(), deadline }
    }

    fn run(&self, child: &mut Child) -> Result<Vec<u8>, ShotError> {
        let running = |error: io::Error| ShotError::failed("running its program", &error);
        let (Some(picture), Some(words)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(ShotError::failed("running its program", &"it has no output"));
        };
        let read = |from: Box<dyn Read + Send>, most: u64| {
            thread::Builder::new().name("camera output".into()).spawn(move || {
                let (mut bytes, mut from) = (Vec::new(), from);
                // Beyond the bound the pipe is closed, on which the program ends.
                from.by_ref().take(most).read_to_end(&mut bytes).map(|_| bytes)
            })
        };
        let picture = read(Box::new(picture), MAX_FRAME_BYTES as u64 + 1).map_err(running)?;
        let words = read(Box::new(words), COMPLAINT).map_err(running)?;
        let until = Instant::now() + self.deadline;
        let status = loop {
            match child.try_wait().map_err(running)? {
                Some(status) => break Some(status),
                None if Instant::now() >= until => break None,
                None => thread::sleep(CHECK_INTERVAL),
            }
        };
        // What it started may hold the pipes open.
        end(child);
        let ended = |thread: thread::JoinHandle<io::Result<Vec<u8>>>| match thread.join() {
            Ok(read) => read.map_err(running),
            Err(_) => Err(ShotError::failed("running its program", &"reading what it gives failed")),
        };
        let (picture, words) = (ended(picture)?, ended(words)?);
        match status {
            None => Err(ShotError::Late),
            Some(_) if picture.len() > MAX_FRAME_BYTES => {
                Err(ShotError::Damaged { reason: format!("it has more than {MAX_FRAME_BYTES} bytes") })
            }
            Some(status) if status.success() => Ok(picture),
            Some(status) => {
                let words = String::from_utf8_lossy(&words);
                let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
                let shown: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
                Err(ShotError::failed("running its program", &format!("{status}: {shown}")))
            }
        }
    }
}

/// Ends a program and all that it started.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // None of them may be left.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

impl CameraDevice for RpicamStill {
    fn name(&self) -> String {
        self.program.display().to_string()
    }

    fn check(&self) -> Result<(), String> {
        let advice = "install rpicam-apps, or correct `program` under `[camera]`";
        match std::fs::metadata(&self.program) {
            Ok(meta) if meta.is_file() && meta.permissions().mode() & 0o111 != 0 => Ok(()),
            Ok(_) => Err(format!("it is no program; {advice}")),
            Err(error) => Err(format!("{error}; {advice}")),
        }
    }

    fn shoot(&self) -> Result<Frame, ShotError> {
        let started = Command::new(&self.program)
            .args(ARGUMENTS)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut child = started.map_err(|error| ShotError::failed("starting its program", &error))?;
        let taken = self.run(&mut child);
        end(&mut child);
        taken.map(Frame::Jpeg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that does what `lines` say.
    fn program(lines: &str) -> (tempfile::TempDir, RpicamStill) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rpicam-still");
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("made a program");
        let camera = RpicamStill::new(&path, Duration::from_secs(20));
        (folder, camera)
    }

    #[test]
    fn what_it_writes_is_the_picture_and_it_is_told_what_it_must_be_told() {
        let (_folder, camera) = program("printf '%s ' \"$@\"; echo chatter >&2");
        assert_eq!(camera.check(), Ok(()));
        let expected =
            "--nopreview --timeout 2000 --encoding jpg --quality 95 --width 2592 --height 1944 --output - ";
        assert_eq!(camera.shoot(), Ok(Frame::Jpeg(expected.into())));
    }

    #[test]
    fn a_failure_is_said_in_its_own_words() {
        let (_folder, camera) =
            program("echo starting >&2; echo '*** no cameras available ***' >&2; exit 255");
        let error = camera.shoot().expect_err("failed").to_string();
        assert!(error.contains("255: *** no cameras available ***"), "{error}");
    }

    #[test]
    fn one_that_hangs_is_ended_with_all_that_it_started() {
        let (folder, camera) = program("sleep 300 & echo $! > \"$0.child\"; sleep 300");
        let camera = RpicamStill { deadline: Duration::from_millis(500), ..camera };
        assert_eq!(camera.shoot(), Err(ShotError::Late));
        let child = std::fs::read_to_string(folder.path().join("rpicam-still.child")).expect("started");
        // Gone, or a zombie that its parent has not waited for.
        let gone = || {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
            state.is_empty() || state.contains(") Z ")
        };
        let began = Instant::now();
        while !gone() {
            assert!(began.elapsed() < Duration::from_secs(20), "it runs on");
            thread::sleep(CHECK_INTERVAL);
        }
    }

    #[test]
    fn one_that_gives_without_end_is_bounded() {
        let (_folder, camera) = program("exec cat /dev/zero");
        assert!(matches!(camera.shoot(), Err(ShotError::Damaged { .. } | ShotError::Failed { .. })));
    }

    #[test]
    fn what_is_no_program_is_said() {
        let (folder, _) = program("");
        let of = |path: &Path| RpicamStill::new(path, Duration::ZERO).check().expect_err("none");
        assert!(of(&folder.path().join("gone")).contains("install rpicam-apps"));
        assert!(of(folder.path()).contains("it is no program"));
    }
}
