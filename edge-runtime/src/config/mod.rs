//! The configuration of `run`: one TOML file. A key that is not known is refused, since a misspelt limit would not hold.

mod device;
mod inputs;
mod keys;
mod man_page;

pub use device::{LightsConfig, LogConfig, LogFormat, ModelConfig, RecordConfig};
pub use inputs::{CameraConfig, CameraKind, FolderConfig, StickConfig};
pub use man_page::man_page;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::toml_text;
use crate::ui::web::PageOptions;

/// Largest configuration that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: the configuration could not be read: {reason}; give its path with --config")]
    Unreadable { file: String, reason: String },
    /// A line is wrong.
    #[error("{file}: not a configuration: {reason}; compare it with packaging/config.toml")]
    Invalid { file: String, reason: String },
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What screens.
    pub model: ModelConfig,
    /// Where results are kept.
    #[serde(default)]
    pub record: RecordConfig,
    /// What people see.
    #[serde(default)]
    pub lights: LightsConfig,
    /// What is written for technicians.
    #[serde(default)]
    pub log: LogConfig,
    /// Watched folders.
    #[serde(default)]
    pub folder: Vec<FolderConfig>,
    /// USB sticks; without it they are not looked at.
    pub stick: Option<StickConfig>,
    /// The camera, where there is one.
    pub camera: Option<CameraConfig>,
    /// The page for a browser; without it there is none.
    pub page: Option<PageOptions>,
}

/// The longest time in seconds: a day. A larger number is a mistake.
const MAX_SECONDS: f64 = 86_400.0;

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(from)?;
    if (0.0..=MAX_SECONDS).contains(&seconds) {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(serde::de::Error::custom(format!("{seconds} is not between 0 and {MAX_SECONDS} seconds")))
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
            .and_then(|opened| opened.take(MAX_BYTES).read_to_string(&mut text))
            .map_err(|error| ConfigError::Unreadable { file: name(), reason: error.to_string() })?;
        Config::parse(&text).map_err(|reason| ConfigError::Invalid { file: name(), reason })
    }

    fn parse(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| toml_text::reason(text, &error))?;
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
                return Err(format!(
                    "the watched folder {watched} and the store {store} must not contain each other"
                ));
            }
        }
        if self.stick.as_ref().is_some_and(|stick| stick.under.is_empty() && stick.mount_in.is_none()) {
            return Err("`under` names no folder, so no stick would be seen".to_owned());
        }
        if self.stick.as_ref().is_some_and(|stick| stick.file_systems.is_empty()) {
            return Err("`file_systems` names none, so no stick would be mounted".to_owned());
        }
        self.page.as_ref().map_or(Ok(()), PageOptions::check)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const SMALLEST: &str = "[model]\nfile = 'm.onnx'\n[[folder]]\npath = '/srv/x'\n";

    #[test]
    fn the_smallest_file_has_the_defaults_that_the_packaged_one_writes_out() {
        let smallest = Config::parse(SMALLEST).expect("a configuration");
        let packaged = Config::parse(include_str!("../../packaging/config.toml")).expect("a configuration");
        assert_eq!(packaged.model, ModelConfig { file: None, ..smallest.model });
        assert_eq!(
            packaged.record,
            RecordConfig { quota_mb: Some(4096), keep_days: Some(365), ..smallest.record }
        );
        assert_eq!(packaged.lights, LightsConfig { board: Some("pi4".to_owned()), ..smallest.lights });
        assert_eq!(packaged.log, smallest.log);
        assert_eq!(packaged.folder, [], "it is a configuration for any board: its sticks");
        assert_eq!(packaged.stick, Some(StickConfig::default()));
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
            (&format!("{SMALLEST}[record]\nfolder = '/srv/x/store'\n"), "must not contain each other"),
            (&format!("{SMALLEST}[stick]\nunder = []\n"), "no stick would be seen"),
            (&format!("{SMALLEST}[stick]\nfile_systems = []\n"), "no stick would be mounted"),
            (&format!("{SMALLEST}[stick]\nfile_systems = ['btrfs']\n"), "unknown variant `btrfs`"),
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

    /// What the packaged file shows as an example: the lines after this one, without their `# `.
    fn example(heading: &str) -> String {
        let packaged = include_str!("../../packaging/config.toml");
        let (_, shown) = packaged.split_once(&format!("# {heading}\n")).expect("an example");
        shown.lines().map_while(|line| line.strip_prefix("# ")).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn the_packaged_file_shows_the_defaults_of_a_folder() {
        let shown: FolderConfig = toml::from_str(&example("[[folder]]")).expect("a folder");
        let smallest = Config::parse(SMALLEST).expect("a configuration").folder.remove(0);
        assert_eq!(shown, FolderConfig { path: shown.path.clone(), ..smallest });
    }

    #[test]
    fn a_camera_alone_is_a_source_and_the_packaged_file_shows_its_defaults() {
        let text = "[model]\nfile = 'm'\n[camera]\nkind = 'csi'\nfilm = true\n";
        let smallest = Config::parse(text).expect("a configuration").camera.expect("a camera");
        assert_eq!(smallest.device().name(), "/usr/bin/rpicam-still");
        let shown: CameraConfig = toml::from_str(&example("[camera]")).expect("a camera");
        assert_eq!(shown, CameraConfig { kind: CameraKind::Uvc, ..smallest });
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
