//! A camera: a press of the button takes one picture of what is before it.
//!
//! ```text
//! press ─CameraDevice::shoot→ Frame ─encode→ JPEG or PNG ─IncomingImage→ the daemon, which stores it as it is
//! ```
//!
//! The encoded frame is the image of the record, so its image ID names what was screened. Where the configuration says that
//! films are photographed, the frame says so in itself ([`xray_intake::film`]): the same content is then read the
//! same way after a restart and on any other machine.
//!
//! A shot is taken in a thread of its own, since drivers and programs can hang. The device is opened for each shot and
//! closed behind it, so a camera that was unplugged and put back needs nothing.

mod csi;
mod format_choice;
mod frame;
mod jpeg;
#[cfg(test)]
mod tests;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod uvc;

pub use csi::RpicamStill;
pub use format_choice::{CameraFormat, MIN_PIXELS, PixelCoding, choose_format};
pub use frame::{Frame, PixelLayout};
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub use uvc::Uvc;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{IncomingImage, Input, InputError, InputEvent, InputRefusal};
use crate::records::Origin;

/// Largest frame that a camera may give, in bytes: 16 megapixels with two bytes each.
pub const MAX_FRAME_BYTES: usize = 32 * 1024 * 1024;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShotError {
    /// The camera or its program failed.
    #[error(
        "the camera failed {doing}: {reason}; unplug it and plug it in again, then press the button once more"
    )]
    Failed { doing: &'static str, reason: String },
    /// No picture within the deadline.
    #[error("the camera gave no picture in time; check its cable, then press the button once more")]
    Late,
    /// It has no format that is read.
    #[error(
        "the camera has none of the formats MJPEG, YUYV and GREY from {least} pixels up; it has: {offered}; use another one",
        least = format_choice::MIN_PIXELS
    )]
    Format {
        /// Its formats.
        offered: String,
    },
    /// The frame is not what it should be.
    #[error("the camera's picture is damaged: {reason}; press the button once more")]
    Damaged { reason: String },
}

impl ShotError {
    pub(crate) fn failed(doing: &'static str, error: &impl ToString) -> Self {
        ShotError::Failed { doing, reason: error.to_string() }
    }

    /// A code for machines, the same in every release.
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
pub trait CameraDevice: Send + Sync + 'static {
    /// How people call it, such as its path.
    fn name(&self) -> String;

    /// Whether it is there, without waking it.
    ///
    /// # Errors
    /// What is missing, and what to do.
    fn check(&self) -> Result<(), String>;

    /// Takes a picture. It ends by itself, soon after the deadline that it was made with.
    ///
    /// # Errors
    /// [`ShotError`]
    fn shoot(&self) -> Result<Frame, ShotError>;
}

/// How a camera is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraOptions {
    /// Whether it photographs films on a light box, which are then cut out.
    pub film: bool,
    /// How long a shot may take.
    pub deadline: Duration,
    /// From one look whether it is there to the next.
    pub every: Duration,
}

/// How long one [`Input::poll`] waits for a shot.
const POLL_WAIT: Duration = Duration::from_millis(50);
/// A thread that takes longer than its deadline by so much hangs in the driver.
const GRACE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });

type Shot = Result<Vec<u8>, ShotError>;

struct PendingShot {
    began: Instant,
    shot: Receiver<Shot>,
    thread: JoinHandle<()>,
}

/// A camera as a source.
pub struct CameraInput {
    device: Arc<dyn CameraDevice>,
    options: CameraOptions,
    pressed: bool,
    shooting: Option<PendingShot>,
    /// A thread that hangs. As long as it does no other is started.
    hanging: Option<JoinHandle<()>>,
    checked: Option<Instant>,
    missing: Option<String>,
}

impl CameraInput {
    /// A camera that waits for a press.
    pub fn new(device: Box<dyn CameraDevice>, options: CameraOptions) -> Self {
        let device = Arc::from(device);
        CameraInput {
            device,
            options,
            pressed: false,
            shooting: None,
            hanging: None,
            checked: None,
            missing: None,
        }
    }

    fn error(&self, reason: impl ToString) -> InputError {
        InputError::Camera { camera: self.device.name(), reason: reason.to_string() }
    }

    fn start(&mut self) -> Result<(), InputError> {
        let (send, shot) = channel();
        let (device, film) = (Arc::clone(&self.device), self.options.film);
        let take = move || {
            let taken = take(&*device, film);
            // The receiver is gone if it took too long.
            let _ = send.send(taken);
        };
        let thread = thread::Builder::new().name("camera".into()).spawn(take);
        let thread = thread.map_err(|error| self.error(error))?;
        self.shooting = Some(PendingShot { began: Instant::now(), shot, thread });
        Ok(())
    }

    fn wait(&mut self, shooting: PendingShot) -> InputEvent {
        let began = shooting.began;
        match shooting.shot.recv_timeout(POLL_WAIT) {
            Ok(Ok(bytes)) => InputEvent::Image(IncomingImage { bytes, awaited: true, began }),
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
                InputEvent::Searching
            }
        }
    }
}

/// Takes a picture and encodes it as it will be stored.
///
/// # Errors
/// [`ShotError`]
pub fn take(device: &dyn CameraDevice, film: bool) -> Result<Vec<u8>, ShotError> {
    device.shoot()?.encode(film)
}

fn refuse(error: &ShotError) -> InputEvent {
    InputEvent::Unreadable(InputRefusal { code: error.code(), reason: error.to_string() })
}

impl Input for CameraInput {
    fn origin(&self) -> Origin {
        Origin::Camera
    }

    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError> {
        if let Some(shooting) = self.shooting.take() {
            return Ok(self.wait(shooting));
        }
        if self.hanging.take_if(|thread| thread.is_finished()).is_none() && self.hanging.is_some() {
            self.pressed = false;
            return Err(self.error("it hangs; unplug it"));
        }
        if std::mem::take(&mut self.pressed) {
            self.start()?;
            return Ok(InputEvent::Searching);
        }
        if self.checked.is_none_or(|checked| now.duration_since(checked) >= self.options.every) {
            self.checked = Some(now);
            self.missing = self.device.check().err();
        }
        match &self.missing {
            Some(reason) => Err(self.error(reason)),
            None => Ok(InputEvent::Nothing),
        }
    }

    /// A press while a shot is being taken is the same press.
    fn press(&mut self) -> bool {
        self.pressed = self.shooting.is_none();
        true
    }
}
