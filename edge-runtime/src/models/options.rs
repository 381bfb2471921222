//! How a model is put in use, and how long it is on trial.

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
    /// Take it even if its version is lower than that of a model that ran here.
    pub allow_downgrade: bool,
    /// Take it even if it failed here before.
    pub retry: bool,
    /// Say what would be done and change nothing.
    pub dry_run: bool,
}
