//! How a model is put in use, and how long it is on trial.

use serde::Deserialize;

/// What becomes of a signed model on a stick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StickPolicy {
    /// It stays on the stick.
    Never,
    /// It is checked, and installed when somebody presses the button of the board.
    #[default]
    Press,
    /// It is checked and installed.
    Always,
}

/// The highest version that was confirmed on a board, and the model that had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionFloor {
    pub version: u64,
    /// SHA-256 of its file, hexadecimal digits.
    pub sha256: [u8; 64],
}

/// How long a new model is on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialLimits {
    /// Screenings that it has to do well.
    pub screenings: u32,
    /// Starts of the program, none followed by anything done well, that it is allowed.
    pub starts: u32,
}

impl Default for TrialLimits {
    /// 20 screenings, 3 starts.
    fn default() -> Self {
        TrialLimits { screenings: 20, starts: 3 }
    }
}

/// How a model is put in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstallOptions {
    /// How long it is on trial.
    pub watch: TrialLimits,
    /// Take it even if its version is lower than that of a model that ran here, the same with another content, or none.
    pub allow_downgrade: bool,
    /// The lowest version that is taken, by what is known beside the store of models, such as by the record; the store's own
    /// counts as well.
    pub floor: Option<VersionFloor>,
    /// Take it even if it failed here before.
    pub retry: bool,
    /// Say what would be done and change nothing.
    pub dry_run: bool,
}
