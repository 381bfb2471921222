//! A camera: a press of the button takes one picture of what is before it.
//!
//! ```text
//! press ─Device::shoot→ Frame ─encode→ JPEG or PNG ─Arrival→ the pipeline, which stores it as it is
//! ```
//!
//! The encoded frame is the image of the record, so its hash names what was judged. Where the configuration says that
//! films are photographed, the frame says so in itself ([`xray_intake::film`]): the same content is then read the
//! same way after a restart and on any other machine.
//!
//! A shot is taken in a thread of its own, since drivers and programs can hang. The device is opened for each shot and
//! closed behind it, so a camera that was unplugged and put back needs nothing.

mod choice;
mod csi;
mod frame;
mod jpeg;
#[cfg(test)]
mod tests;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod uvc;

pub use choice::{Coding, LEAST_PIXELS, Offer, choose};
pub use csi::RpicamStill;
pub use frame::{Frame, Layout};
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub use uvc::Uvc;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Arrival, News, Refusal, Source, SourceError};
use crate::record::Origin;

/// Largest frame that a camera may give, in bytes: 16 megapixels with two bytes each.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShotError {
    /// The camera or its program failed.
    #[error(
        "the camera failed {doing}: {reason}; unplug it and plug it in again, then press the button once more"
    )]
    Failed {
        /// At what.
        doing: &'static str,
        /// The system's or the program's word.
        reason: String,
    },
    /// No picture within the deadline.
    #[error("the camera gave no picture in time; check its cable, then press the button once more")]
    Late,
    /// It has no format that is read.
    #[error(
        "the camera has none of the formats MJPEG, YUYV and GREY from {least} pixels up; it has: {offered}; use another one",
        least = choice::LEAST_PIXELS
    )]
    Format {
        /// Its formats.
        offered: String,
    },
    /// The frame is not what it should be.
    #[error("the camera's picture is damaged: {reason}; press the button once more")]
    Damaged {
        /// What does not hold.
        reason: String,
    },
}

impl ShotError {
    pub(crate) fn failed(doing: &'static str, error: &impl ToString) -> Self {
        ShotError::Failed { doing, reason: error.to_string() }
    }

    /// A fixed word for machines, the same in every release.
    pub fn code(&self) -> &'static str {
        match self {
            ShotError::Failed { .. } => "camera-failed",
            ShotError::Late => "camera-late",
            ShotError::Format { .. } => "camera-format",
            ShotError::Damaged { .. } => "camera-damaged",
        }
    }
}

/// Something that takes pictures.
pub trait Device: Send + Sync + 'static {
    /// How people call it, such as its path.
    fn name(&self) -> String;

    /// Whether it is there, without waking it.
    ///
    /// # Errors
    /// What is missing, and what to do.
    fn look(&self) -> Result<(), String>;

    /// Takes a picture. It ends by itself, soon after the deadline that it was made with.
    ///
    /// # Errors
    /// [`ShotError`]
    fn shoot(&self) -> Result<Frame, ShotError>;
}

/// How a camera is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraOptions {
    /// Whether it looks at films on a light box, which are to be cut out.
    pub film: bool,
    /// How long a shot may take.
    pub deadline: Duration,
    /// From one look whether it is there to the next.
    pub every: Duration,
}

/// How long one [`Source::poll`] waits for a shot.
const A_TURN: Duration = Duration::from_millis(50);
/// A thread that takes longer than its deadline by so much hangs in the driver.
const GRACE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });

type Shot = Result<Vec<u8>, ShotError>;

struct Shooting {
    began: Instant,
    shot: Receiver<Shot>,
    thread: JoinHandle<()>,
}

/// A camera as a source.
pub struct Camera {
    device: Arc<dyn Device>,
    options: CameraOptions,
    pressed: bool,
    shooting: Option<Shooting>,
    /// A thread that hangs. As long as it does no other is started.
    hanging: Option<JoinHandle<()>>,
    looked: Option<Instant>,
    missing: Option<String>,
}

impl Camera {
    /// A camera that waits for a press.
    pub fn new(device: Box<dyn Device>, options: CameraOptions) -> Self {
        let device = Arc::from(device);
        Camera { device, options, pressed: false, shooting: None, hanging: None, looked: None, missing: None }
    }

    fn trouble(&self, reason: impl ToString) -> SourceError {
        SourceError::Camera { camera: self.device.name(), reason: reason.to_string() }
    }

    fn start(&mut self) -> Result<(), SourceError> {
        let (send, shot) = channel();
        let (device, film) = (Arc::clone(&self.device), self.options.film);
        let take = move || {
            let taken = take(&*device, film);
            // Nobody waits any more if it took too long.
            let _ = send.send(taken);
        };
        let thread = thread::Builder::new().name("camera".into()).spawn(take);
        let thread = thread.map_err(|error| self.trouble(error))?;
        self.shooting = Some(Shooting { began: Instant::now(), shot, thread });
        Ok(())
    }

    fn wait(&mut self, shooting: Shooting) -> News {
        let began = shooting.began;
        match shooting.shot.recv_timeout(A_TURN) {
            Ok(Ok(bytes)) => News::Image(Arrival { bytes, awaited: true, began }),
            Ok(Err(error)) => refuse(&error),
            Err(RecvTimeoutError::Disconnected) => refuse(&ShotError::failed(
                "taking a picture",
                &"its driver gave something that nobody expects",
            )),
            Err(RecvTimeoutError::Timeout) if began.elapsed() > self.options.deadline + GRACE => {
                self.hanging = Some(shooting.thread);
                refuse(&ShotError::Late)
            }
            Err(RecvTimeoutError::Timeout) => {
                self.shooting = Some(shooting);
                News::Searching
            }
        }
    }
}

/// Takes a picture and encodes it as it will be stored.
///
/// # Errors
/// [`ShotError`]
pub fn take(device: &dyn Device, film: bool) -> Result<Vec<u8>, ShotError> {
    device.shoot()?.encode(film)
}

fn refuse(error: &ShotError) -> News {
    News::Unreadable(Refusal { code: error.code(), reason: error.to_string() })
}

impl Source for Camera {
    fn origin(&self) -> Origin {
        Origin::Camera
    }

    fn poll(&mut self, now: Instant) -> Result<News, SourceError> {
        if let Some(shooting) = self.shooting.take() {
            return Ok(self.wait(shooting));
        }
        if self.hanging.take_if(|thread| thread.is_finished()).is_none() && self.hanging.is_some() {
            self.pressed = false;
            return Err(self.trouble("it hangs; unplug it"));
        }
        if std::mem::take(&mut self.pressed) {
            self.start()?;
            return Ok(News::Searching);
        }
        if self.looked.is_none_or(|looked| now.duration_since(looked) >= self.options.every) {
            self.looked = Some(now);
            self.missing = self.device.look().err();
        }
        match &self.missing {
            Some(reason) => Err(self.trouble(reason)),
            None => Ok(News::Nothing),
        }
    }

    /// A press while a shot is being taken is the same press.
    fn press(&mut self) -> bool {
        self.pressed = self.shooting.is_none();
        true
    }
}
