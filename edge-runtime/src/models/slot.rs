//! A model in one of the two slots, and its trial.

use serde::{Deserialize, Serialize};

/// One of the two places for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    pub fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }

    /// Its letter.
    pub fn name(self) -> &'static str {
        match self {
            Slot::A => "a",
            Slot::B => "b",
        }
    }
}

/// A model in a slot. Its files are named by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// SHA-256 of the file (hex).
    pub sha256: String,
    /// Version in its contract; 0 if it has none.
    pub version: u64,
    /// Name of the key that signed it.
    pub key: String,
    /// How it failed on this board; none if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// The trial of a model: what it must still do before it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Screenings that it still has to do well.
    pub screenings_left: u32,
    /// Starts of the program since it last did something well.
    pub starts: u32,
    /// Starts without anything done well from which on it counts as failed.
    pub starts_allowed: u32,
}
