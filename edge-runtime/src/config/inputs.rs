//! Where images come from: folders, sticks, a camera.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::seconds;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use crate::inputs::camera::{CameraDevice, RpicamStill, Uvc};
use crate::inputs::mounts::FileSystem;
use crate::inputs::{CameraInput, CameraOptions, FolderOptions, StickOptions};

/// `[[folder]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder.
    pub path: PathBuf,
    /// How long a file must have kept its size and time.
    #[serde(default = "settle", deserialize_with = "seconds")]
    pub settle_s: Duration,
    /// From one listing to the next.
    #[serde(default = "every", deserialize_with = "seconds")]
    pub every_s: Duration,
}

/// `[stick]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StickConfig {
    /// File systems below these folders are sticks.
    pub under: Vec<PathBuf>,
    /// Mount sticks in folders below this one; without it, something else mounts them.
    pub mount_in: Option<PathBuf>,
    /// From one look at the mounts to the next.
    #[serde(deserialize_with = "seconds")]
    pub every_s: Duration,
    /// Read a stick that is mounted for writing.
    pub writable: bool,
    /// Which file systems are mounted.
    pub file_systems: Vec<FileSystem>,
    /// The table of mounts, for trials without a stick.
    pub table: PathBuf,
    /// The kernel's list of block devices, for trials without a stick.
    pub devices: PathBuf,
}

/// `[camera]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraConfig {
    /// How it is connected.
    pub kind: CameraKind,
    /// A USB camera's device.
    #[serde(default = "first_camera")]
    pub device: PathBuf,
    /// The program that takes a CSI camera's picture.
    #[serde(default = "rpicam_still")]
    pub program: PathBuf,
    /// Whether it photographs films on a light box: the film is found, cut out and straightened.
    pub film: bool,
    /// Frames of a USB camera that go by before one is taken.
    #[serde(default = "warm_up")]
    pub warm_up: u32,
    /// How long a shot may take.
    #[serde(default = "shot", deserialize_with = "seconds")]
    pub deadline_s: Duration,
}

/// How a camera is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraKind {
    /// By USB.
    Uvc,
    /// By the ribbon cable of a Raspberry Pi.
    Csi,
}

impl Default for StickConfig {
    fn default() -> Self {
        StickConfig {
            under: ["/media", "/run/media", "/mnt"].map(PathBuf::from).to_vec(),
            mount_in: None,
            every_s: Duration::from_millis(500),
            writable: false,
            file_systems: FileSystem::DEFAULT.to_vec(),
            table: "/proc/self/mountinfo".into(),
            devices: "/sys/dev/block".into(),
        }
    }
}

impl FolderConfig {
    pub fn options(&self) -> FolderOptions {
        FolderOptions { path: self.path.clone(), settle: self.settle_s, every: self.every_s }
    }
}

impl StickConfig {
    pub fn options(&self) -> StickOptions {
        let under = self.mount_in.as_ref().map_or_else(|| self.under.clone(), |own| vec![own.clone()]);
        StickOptions {
            under,
            every: self.every_s,
            writable: self.writable,
            table: self.table.clone(),
            devices: self.devices.clone(),
        }
    }
}

impl CameraConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.deadline_s.is_zero() || self.warm_up > MAX_WARM_UP {
            return Err(format!(
                "`[camera]`: `deadline_s` must be above 0, and `warm_up` at most {MAX_WARM_UP} frames"
            ));
        }
        if self.kind == CameraKind::Uvc && cfg!(not(all(target_os = "linux", target_pointer_width = "64"))) {
            return Err("`[camera]`: this build reads no USB cameras; take the 64-bit system".to_owned());
        }
        Ok(())
    }

    /// What takes the pictures.
    pub fn device(&self) -> Box<dyn CameraDevice> {
        match self.kind {
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            CameraKind::Uvc => Box::new(Uvc::new(&self.device, self.warm_up, self.deadline_s)),
            // `check` has refused the other kind where it cannot be.
            _ => Box::new(RpicamStill::new(&self.program, self.deadline_s)),
        }
    }

    pub fn input(&self) -> CameraInput {
        let options =
            CameraOptions { film: self.film, deadline: self.deadline_s, every: Duration::from_secs(2) };
        CameraInput::new(self.device(), options)
    }
}

fn settle() -> Duration {
    Duration::from_secs(2)
}

fn every() -> Duration {
    Duration::from_secs(1)
}

fn first_camera() -> PathBuf {
    "/dev/video0".into()
}

fn rpicam_still() -> PathBuf {
    "/usr/bin/rpicam-still".into()
}

fn warm_up() -> u32 {
    10
}

fn shot() -> Duration {
    Duration::from_secs(15)
}

/// More frames do not settle a camera any further.
const MAX_WARM_UP: u32 = 300;
