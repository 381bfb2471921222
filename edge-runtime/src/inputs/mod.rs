//! Where images come from: one file a kind of input. The daemon knows only [`Input`].
//!
//! Input data is untrusted: links are not followed, folders are bounded in depth and number, files in
//! size, reads in time ([`ThreadedInput`]), and nothing is ever written to it. File names stay here, since people write patients' names into them.

pub mod camera;
mod content;
mod dicom_media;
mod folder;
pub mod mounts;
mod newest;
mod progress;
mod stick;
mod threaded;
mod tree;

pub use camera::{CameraInput, CameraOptions};
pub use content::Picture;
pub use folder::{FolderInput, FolderOptions};
pub use progress::Progress;
pub use stick::{StickInput, StickOptions};
pub use threaded::{PATIENCE, ThreadedInput};

use std::time::{Duration, Instant};

use self::mounts::MountTableError;
use crate::models::ModelsOnStick;
use crate::records::Origin;

/// An image that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingImage {
    /// Its bytes, at most [`xray_intake::MAX_FILE_BYTES`].
    pub bytes: Vec<u8>,
    /// Whether somebody waits for it. `false`: it was there when the program started, so its result is not shown again
    /// if it is known already.
    pub awaited: bool,
    /// When reading it began.
    pub began: Instant,
}

/// Why something could not be read. The text names no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRefusal {
    /// A code for machines.
    pub code: &'static str,
    /// What happened and what to do.
    pub reason: String,
}

/// What one poll of an input gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    /// Nothing new.
    Nothing,
    /// Nothing new yet; poll again at once.
    Searching,
    Image(IncomingImage),
    /// Signed models on a medium that was just put in; comes before its images.
    Model(ModelsOnStick),
    /// Something that may be an X-ray and could not be read.
    Unreadable(InputRefusal),
    /// A medium was read to its end.
    Finished {
        /// Images that were found on it.
        images: u64,
        /// Files that are no pictures.
        passed_over: u64,
    },
    /// A medium was pulled before its end. What was read is whole; the rest is read when it returns.
    Pulled {
        /// Images that were read.
        images: u64,
    },
}

/// Whether a medium may be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaState {
    /// None is there.
    Absent,
    /// All of it was read.
    MayBePulled,
    /// It is there, and it or a file on it was not read; the code says why.
    Refused(&'static str),
    /// It is being read.
    InUse,
}

/// Where images come from.
pub trait Input: Send {
    /// The origin of its images.
    fn origin(&self) -> Origin;

    /// One step; it takes as long as reading one file, at most. `now` never goes back.
    ///
    /// # Errors
    /// [`InputError`] if the input itself cannot be read. It is polled again later.
    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError>;

    /// Where to say that a step gets on. An input whose steps can take long says it between two reads.
    fn report_progress_to(&mut self, _progress: Progress) {}

    /// Intake refused the last image.
    fn refused(&mut self) {}

    /// The button was pressed. `true`: this input takes it, as a camera does for its shot.
    fn press(&mut self) -> bool {
        false
    }

    /// Whether there is something to pull. [`MediaState::Absent`] where there never is.
    fn media_state(&self) -> MediaState {
        MediaState::Absent
    }
}

/// An input that cannot be read: the device then shows a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The watched folder cannot be listed.
    #[error(
        "{folder}: the watched folder cannot be listed: {reason}; make it, mount it, or correct the configuration"
    )]
    Folder { folder: String, reason: String },
    /// More files than are looked at.
    #[error("{folder}: more than {limit} files and folders; move the old ones away")]
    TooMany {
        folder: String,
        /// How many are looked at.
        limit: usize,
    },
    /// The camera is not there, or hangs.
    #[error("{camera}: the camera cannot be used: {reason}")]
    Camera {
        /// Its path, or that of its program.
        camera: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A read does not return.
    #[error(
        "{input}: nothing could be read for {} s; pull the stick, or see whether the server of the share answers",
        .patience.as_secs()
    )]
    Silent {
        /// What people call the input.
        input: String,
        /// How long was waited.
        patience: Duration,
    },
    /// Its thread ended.
    #[error("{input}: the thread that reads it ended; start the program again")]
    Ended {
        /// What people call the input.
        input: String,
    },
    /// The table of mounts cannot be read.
    #[error(transparent)]
    Mounts(#[from] MountTableError),
}
