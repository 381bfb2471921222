//! Why GPIO lines cannot be used.

use super::wiring::Line;

/// Why a board's lines cannot be driven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpioError {
    /// Not a Raspberry Pi, or one that is not known.
    #[error(
        "board {board}: this machine is not a Raspberry Pi that this program knows; run it on one, \
         or try it without lights (--board sim)"
    )]
    NotARaspberryPi {
        /// The board's name.
        board: String,
    },
    /// Another Raspberry Pi than the board file is for.
    #[error("board {board}: this machine is a {machine}; give the board file that was written for it")]
    OtherMachine {
        /// The board's name.
        board: String,
        machine: String,
    },
    /// The user may not use the lines.
    #[error(
        "{device}: no permission; add the user to the group gpio (sudo usermod -aG gpio USER), log in \
         again, and check that the group owns the device"
    )]
    NoPermission {
        /// The device file.
        device: String,
    },
    /// Something else has the line.
    #[error(
        "{line}: in use by {by}; stop it (a program, or a dtoverlay or dtparam in config.txt), or name \
         another line in the board file"
    )]
    InUse {
        line: String,
        /// What has it.
        by: String,
    },
    /// The machine has no such line.
    #[error("{line}: this machine has no such line; correct the board file (`gpioinfo` shows the lines)")]
    NoSuchLine { line: Line },
    /// Something else went wrong.
    #[error(
        "the GPIO lines could not be opened: {reason}; check that /dev/gpiochip* and /dev/gpiomem* exist"
    )]
    Failed { reason: String },
    /// SIGTERM could not be handled, so lights would stay on when the process ends.
    #[error("SIGTERM could not be handled: {reason}; without it lights would stay on: restart the device")]
    NoSafeState { reason: String },
}
