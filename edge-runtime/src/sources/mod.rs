//! Where images come from. One file a source; the pipeline knows only [`Source`].
//!
//! What a source reads is hostile: links are not followed, folders are bounded in depth and number, files in
//! size, and nothing is ever written to it. File names stay here, since people write patients' names into them.

pub mod camera;
mod content;
mod dicom_media;
mod folder;
mod mount_table;
mod mounter;
mod stick;
mod tree;

pub use camera::{Camera, CameraOptions};
pub use content::Picture;
pub use folder::{Folder, FolderOptions};
pub use mount_table::{Mount, MountTable, MountTableError};
pub use mounter::{KernelMounter, Mounter};
pub use stick::{Stick, StickOptions};

use std::time::Instant;

use crate::model_store::OnStick;
use crate::record::Origin;

/// An image that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its bytes, at most [`xray_intake::MAX_FILE_BYTES`].
    pub bytes: Vec<u8>,
    /// Whether it came while somebody waits for it. `false`: it lay there when the program started, so if it is
    /// known already nobody is told again.
    pub awaited: bool,
    /// When reading it began.
    pub began: Instant,
}

/// Why something could not be taken in. The words name no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A fixed word for machines.
    pub code: &'static str,
    /// What happened and what to do.
    pub reason: String,
}

/// What came of one look at a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Nothing new, and nothing half done.
    Nothing,
    /// Nothing new yet; there is more to look at, so ask again at once.
    Searching,
    /// An image.
    Image(Arrival),
    /// Signed models on a medium that was just put in; comes before its images.
    Model(OnStick),
    /// Something that may be an X-ray and could not be read.
    Unreadable(Refusal),
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
pub enum Medium {
    /// None is there.
    Absent,
    /// All of it was read.
    MayBePulled,
    /// It is there, and it or a file on it was not read: why, as a fixed word.
    Refused(&'static str),
    /// It is being read.
    InUse,
}

/// Where images come from.
pub trait Source: Send {
    /// Where its images are said to come from.
    fn origin(&self) -> Origin;

    /// One look: as long as reading one file takes, at most. `now` never goes back.
    ///
    /// # Errors
    /// [`SourceError`] if the source itself cannot be looked at. It is asked again later.
    fn poll(&mut self, now: Instant) -> Result<News, SourceError>;

    /// The button was pressed. `true`: this source takes it, as a camera does for its shot.
    fn press(&mut self) -> bool {
        false
    }

    /// Whether there is something to pull. [`Medium::Absent`] where there never is.
    fn medium(&self) -> Medium {
        Medium::Absent
    }
}

/// A source that cannot be looked at: the device does not do what it is there for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The watched folder cannot be listed.
    #[error(
        "{folder}: the watched folder cannot be listed: {reason}; make it, mount it, or correct the configuration"
    )]
    Folder {
        /// The folder.
        folder: String,
        /// The operating system's word.
        reason: String,
    },
    /// More files than are looked at.
    #[error("{folder}: more than {limit} files and folders; move the old ones away")]
    TooMany {
        /// The folder.
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
    /// The table of mounts cannot be read.
    #[error(transparent)]
    Mounts(#[from] MountTableError),
}
