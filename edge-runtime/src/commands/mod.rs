//! What the subcommands do. Their arguments and what they print are in [`crate::cli`].

#[cfg(unix)]
pub mod camera;
#[cfg(unix)]
pub mod decommission;
pub mod model;
pub mod profile;
#[cfg(unix)]
pub mod report;
#[cfg(unix)]
pub mod run;
pub mod screen;
pub mod selftest;
#[cfg(unix)]
pub mod stick_options;

/// How a command ended; the exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was read: status 0.
    Complete,
    /// Some images have no result, the others were screened: status 3.
    Incomplete,
    /// A model was refused; the board keeps the one that it has: status 4.
    Refused,
    /// Another model is in use from now on; the program must be started again with it: status 5.
    Restart,
}

impl Outcome {
    /// The exit status. 1 is a fault such as a model that cannot be loaded, 2 is wrong usage.
    pub fn status(self) -> u8 {
        match self {
            Outcome::Complete => 0,
            Outcome::Incomplete => 3,
            Outcome::Refused => 4,
            Outcome::Restart => 5,
        }
    }
}
