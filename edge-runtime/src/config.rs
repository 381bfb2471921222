//! What `run` is told: one TOML file. A word that is not known is refused, since a misspelt limit would not hold.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::model_store::{DEFAULT_KEYS, DEFAULT_STORE};
use crate::outputs::page::PageOptions;
use crate::record::Limits;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use crate::sources::camera::Uvc;
use crate::sources::camera::{Device, RpicamStill};
use crate::sources::{Camera as CameraSource, CameraOptions, FolderOptions, StickOptions};

/// A configuration is a page; what is longer than this many bytes is something else.
const LONGEST: u64 = 256 * 1024;

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: the configuration could not be read: {reason}; give its path with --config")]
    Unreadable {
        /// The file.
        file: String,
        /// The operating system's word.
        reason: String,
    },
    /// A line is wrong.
    #[error("{file}: not a configuration: {reason}; compare it with packaging/config.toml")]
    Invalid {
        /// The file.
        file: String,
        /// What does not hold, and where.
        reason: String,
    },
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What screens.
    pub model: Model,
    /// Where results are kept.
    #[serde(default)]
    pub record: Record,
    /// What people see.
    #[serde(default)]
    pub lights: Lights,
    /// What is written for technicians.
    #[serde(default)]
    pub log: Log,
    /// Watched folders.
    #[serde(default)]
    pub folder: Vec<Folder>,
    /// USB sticks; without it they are not looked at.
    pub stick: Option<Stick>,
    /// The camera, where there is one.
    pub camera: Option<Camera>,
    /// The page for a browser; without it there is none.
    pub page: Option<PageOptions>,
}

/// `[model]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// A package that runs as it is; without it, the model that is installed in `store` runs, and is watched.
    pub file: Option<PathBuf>,
    /// Folder of the installed models.
    #[serde(default = "models")]
    pub store: PathBuf,
    /// Folder of the public keys whose signatures are trusted.
    #[serde(default = "keys")]
    pub keys: PathBuf,
    /// `auto`, `fused` or `tract`.
    #[serde(default = "auto")]
    pub engine: String,
    /// Threads for one image; the fast cores if it is missing.
    pub threads: Option<NonZeroUsize>,
    /// How long one image may take.
    #[serde(default = "deadline", deserialize_with = "seconds")]
    pub deadline_s: Duration,
    /// Whether a model without a known answer may run, so that the device cannot check itself.
    #[serde(default)]
    pub unchecked: bool,
}

/// `[record]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Record {
    /// The store.
    pub folder: PathBuf,
    /// Megabytes of images that are kept.
    pub quota_mb: Option<u64>,
    /// Days that images of reported records are kept.
    pub keep_days: Option<u32>,
    /// Megabytes that stay free on the disk.
    pub reserve_mb: u64,
}

/// `[lights]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lights {
    /// A board's name or file; none: no lights.
    pub board: Option<String>,
    /// How long a result is shown if no other image comes.
    #[serde(deserialize_with = "seconds")]
    pub result_s: Duration,
    /// How long it is shown at least, if another comes.
    #[serde(deserialize_with = "seconds")]
    pub at_least_s: Duration,
    /// How long a fault that ends the program is shown before it ends.
    #[serde(deserialize_with = "seconds")]
    pub fault_s: Duration,
}

/// `[log]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How lines are written.
    pub form: LogForm,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `[[folder]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
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
pub struct Stick {
    /// File systems below these folders are sticks.
    pub under: Vec<PathBuf>,
    /// Mount sticks in folders below this one; without it, something else mounts them.
    pub mount_in: Option<PathBuf>,
    /// From one look at the mounts to the next.
    #[serde(deserialize_with = "seconds")]
    pub every_s: Duration,
    /// Read a stick that is mounted for writing.
    pub writable: bool,
    /// The table of mounts, for trials without a stick.
    pub table: PathBuf,
    /// The kernel's list of block devices, for trials without a stick.
    pub devices: PathBuf,
}

/// `[camera]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    /// How it is connected.
    pub kind: CameraKind,
    /// A USB camera's device.
    #[serde(default = "first_camera")]
    pub device: PathBuf,
    /// The program that takes a CSI camera's picture.
    #[serde(default = "rpicam_still")]
    pub program: PathBuf,
    /// Whether it looks at films on a light box: the film is found, cut out and straightened.
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

impl Default for Record {
    fn default() -> Self {
        Record { folder: crate::STORE.into(), quota_mb: None, keep_days: None, reserve_mb: 256 }
    }
}

impl Default for Lights {
    fn default() -> Self {
        Lights {
            board: None,
            result_s: Duration::from_secs(120),
            at_least_s: Duration::from_millis(1500),
            fault_s: Duration::from_secs(60),
        }
    }
}

impl Default for Stick {
    fn default() -> Self {
        Stick {
            under: ["/media", "/run/media", "/mnt"].map(PathBuf::from).to_vec(),
            mount_in: None,
            every_s: Duration::from_millis(500),
            writable: false,
            table: "/proc/self/mountinfo".into(),
            devices: "/sys/dev/block".into(),
        }
    }
}

fn models() -> PathBuf {
    DEFAULT_STORE.into()
}

fn keys() -> PathBuf {
    DEFAULT_KEYS.into()
}

fn auto() -> String {
    "auto".to_owned()
}

fn deadline() -> Duration {
    Duration::from_secs(60)
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
const MOST_WARM_UP: u32 = 300;

/// A day: nothing here takes longer, and a number that is no time is found.
const LONGEST_TIME: f64 = 86_400.0;

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(from)?;
    if (0.0..=LONGEST_TIME).contains(&seconds) {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(serde::de::Error::custom(format!("{seconds} is not between 0 and {LONGEST_TIME} seconds")))
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and the line.
    pub fn read(file: &Path) -> Result<Config, ConfigError> {
        let name = || file.display().to_string();
        let mut text = String::new();
        File::open(file)
            .and_then(|opened| opened.take(LONGEST).read_to_string(&mut text))
            .map_err(|error| ConfigError::Unreadable { file: name(), reason: error.to_string() })?;
        Config::parse(&text).map_err(|reason| ConfigError::Invalid { file: name(), reason })
    }

    fn parse(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        config.check().map(|()| config)
    }

    fn check(&self) -> Result<(), String> {
        if self.folder.is_empty() && self.stick.is_none() && self.camera.is_none() {
            return Err(
                "there is no source; add `[[folder]]` with a `path`, `[stick]` or `[camera]`".to_owned()
            );
        }
        if let Some(camera) = &self.camera {
            camera.check()?;
        }
        if self.model.deadline_s.is_zero() {
            return Err("`deadline_s` is 0; no image is that fast".to_owned());
        }
        for folder in &self.folder {
            // Else each stored image would be taken in again.
            if folder.path.starts_with(&self.record.folder) || self.record.folder.starts_with(&folder.path) {
                let (watched, store) = (folder.path.display(), self.record.folder.display());
                return Err(format!("the watched folder {watched} and the store {store} lie in each other"));
            }
        }
        if self.stick.as_ref().is_some_and(|stick| stick.under.is_empty() && stick.mount_in.is_none()) {
            return Err("`under` names no folder, so no stick would be seen".to_owned());
        }
        self.page.as_ref().map_or(Ok(()), PageOptions::check)
    }
}

impl Record {
    /// The limits of the store.
    pub fn limits(&self) -> Limits {
        let bytes = |mb: u64| mb.saturating_mul(1_000_000);
        Limits { quota: self.quota_mb.map(bytes), keep_days: self.keep_days, reserve: bytes(self.reserve_mb) }
    }
}

impl Folder {
    /// What the source is told.
    pub fn options(&self) -> FolderOptions {
        FolderOptions { path: self.path.clone(), settle: self.settle_s, every: self.every_s }
    }
}

impl Stick {
    /// What the source is told.
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

impl Camera {
    fn check(&self) -> Result<(), String> {
        if self.deadline_s.is_zero() || self.warm_up > MOST_WARM_UP {
            return Err(format!(
                "`[camera]`: `deadline_s` must be above 0, and `warm_up` at most {MOST_WARM_UP} frames"
            ));
        }
        if self.kind == CameraKind::Uvc && cfg!(not(all(target_os = "linux", target_pointer_width = "64"))) {
            return Err("`[camera]`: this build reads no USB cameras; take the 64-bit system".to_owned());
        }
        Ok(())
    }

    /// What takes the pictures.
    pub fn device(&self) -> Box<dyn Device> {
        match self.kind {
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            CameraKind::Uvc => Box::new(Uvc::new(&self.device, self.warm_up, self.deadline_s)),
            // `check` has refused the other kind where it cannot be.
            _ => Box::new(RpicamStill::new(&self.program, self.deadline_s)),
        }
    }

    /// The source.
    pub fn source(&self) -> CameraSource {
        let options =
            CameraOptions { film: self.film, deadline: self.deadline_s, every: Duration::from_secs(2) };
        CameraSource::new(self.device(), options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "[model]\nfile = 'm.onnx'\n[[folder]]\npath = '/srv/x'\n";

    #[test]
    fn the_smallest_file_has_the_defaults_that_the_packaged_one_writes_out() {
        let smallest = Config::parse(SMALLEST).expect("a configuration");
        let packaged = Config::parse(include_str!("../packaging/config.toml")).expect("a configuration");
        assert_eq!(packaged.model, Model { file: None, ..smallest.model });
        assert_eq!(packaged.record, Record { quota_mb: Some(4096), keep_days: Some(365), ..smallest.record });
        assert_eq!(packaged.lights, Lights { board: Some("pi4".to_owned()), ..smallest.lights });
        assert_eq!(packaged.log, smallest.log);
        let [ours, theirs] = [&packaged.folder[0], &smallest.folder[0]];
        assert_eq!(ours, &Folder { path: ours.path.clone(), ..theirs.clone() });
        assert_eq!(packaged.stick, Some(Stick::default()));
        assert_eq!((packaged.page, smallest.page), (Some(PageOptions::default()), None));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, words) in [
            ("", "missing field `model`"),
            ("[model]\nfile = 'm'\n", "there is no source"),
            (&format!("{SMALLEST}pth = 'x'\n"), "unknown field `pth`"),
            (&format!("{SMALLEST}[record]\nquota_gb = 3\n"), "unknown field `quota_gb`"),
            (&format!("{SMALLEST}[recrod]\n"), "unknown field `recrod`"),
            (&format!("{SMALLEST}settle_s = -1\n"), "-1 is not between 0 and 86400 seconds"),
            (&format!("{SMALLEST}settle_s = nan\n"), "NaN is not between"),
            (&format!("{SMALLEST}[record]\nfolder = '/srv/x/store'\n"), "lie in each other"),
            (&format!("{SMALLEST}[stick]\nunder = []\n"), "no stick would be seen"),
            (&format!("{SMALLEST}[camera]\nkind = 'uvc'\n"), "missing field `film`"),
            (&format!("{SMALLEST}[camera]\nkind = 'ip'\nfilm = true\n"), "unknown variant `ip`"),
            (
                &format!("{SMALLEST}[camera]\nkind = 'csi'\nfilm = true\ndeadline_s = 0\n"),
                "`deadline_s` must be above 0",
            ),
            (&format!("{SMALLEST}[page]\nlisten = '0.0.0.0:80'\n"), "name a `token_file`"),
            (&SMALLEST.replace("'m.onnx'", "'m.onnx'\ndeadline_s = 0"), "`deadline_s` is 0"),
            (&SMALLEST.replace("'m.onnx'", "'m.onnx'\nthreads = 0"), "expected a nonzero"),
        ] {
            let error = Config::parse(text).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
        let error = Config::parse(&format!("{SMALLEST}pth = 'x'\n")).expect_err("wrong");
        assert!(error.contains("line 5"), "{error}");
    }

    #[test]
    fn a_camera_alone_is_a_source_and_the_packaged_file_shows_its_defaults() {
        let text = "[model]\nfile = 'm'\n[camera]\nkind = 'csi'\nfilm = true\n";
        let smallest = Config::parse(text).expect("a configuration").camera.expect("a camera");
        assert_eq!(smallest.device().name(), "/usr/bin/rpicam-still");
        let packaged = include_str!("../packaging/config.toml");
        let (_, shown) = packaged.split_once("# [camera]").expect("an example");
        let shown: String = shown
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .map(|line| format!("{line}\n"))
            .collect();
        let shown: Camera = toml::from_str(&shown).expect("a camera");
        assert_eq!(shown, Camera { kind: CameraKind::Uvc, ..smallest });
    }

    #[test]
    fn times_may_have_fractions_and_sticks_a_folder_of_their_own() {
        let text = format!("{SMALLEST}settle_s = 0.25\n[stick]\nmount_in = '/run/x'\n");
        let config = Config::parse(&text).expect("a configuration");
        assert_eq!(config.folder[0].options().settle, Duration::from_millis(250));
        let stick = config.stick.expect("sticks").options();
        assert_eq!(stick.under, [PathBuf::from("/run/x")]);
    }
}
