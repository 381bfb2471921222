//! What the device does with images: model, record, lights, log.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::seconds;
use crate::models::{DEFAULT_KEYS, DEFAULT_STORE, StickPolicy};
use crate::records::StoreLimits;

/// `[model]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// A package that runs as it is; without it, the model that is installed in `store` runs, and is watched.
    pub file: Option<PathBuf>,
    /// Folder of the installed models.
    #[serde(default = "models")]
    pub store: PathBuf,
    /// Folder of the public keys whose signatures are trusted.
    #[serde(default = "keys")]
    pub keys: PathBuf,
    /// What becomes of a signed model on a stick.
    #[serde(default)]
    pub from_stick: StickPolicy,
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
pub struct RecordConfig {
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
pub struct LightsConfig {
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
pub struct LogConfig {
    /// How lines are written.
    #[serde(rename = "form")]
    pub format: LogFormat,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for RecordConfig {
    fn default() -> Self {
        RecordConfig { folder: crate::STORE.into(), quota_mb: None, keep_days: None, reserve_mb: 256 }
    }
}

impl Default for LightsConfig {
    fn default() -> Self {
        LightsConfig {
            board: None,
            result_s: Duration::from_secs(120),
            at_least_s: Duration::from_millis(1500),
            fault_s: Duration::from_secs(60),
        }
    }
}

impl RecordConfig {
    /// The limits of the store.
    pub fn limits(&self) -> StoreLimits {
        let bytes = |mb: u64| mb.saturating_mul(1_000_000);
        StoreLimits {
            quota: self.quota_mb.map(bytes),
            keep_days: self.keep_days,
            reserve: bytes(self.reserve_mb),
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
