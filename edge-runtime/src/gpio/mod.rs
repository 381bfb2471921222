//! GPIO lines: which line of a board drives what, the drivers, and the button.
//!
//! A new board is one file in `boards/` and one line in `built_in.rs`; a new driver is one file here and one variant of
//! [`Backend`].

mod board;
mod built_in;
#[cfg(unix)]
pub mod button;
mod error;
#[cfg(target_os = "linux")]
mod gpiocdev;
#[cfg(target_os = "linux")]
mod rppal;
mod simulator;
mod wiring;

pub use board::{Backend, Board, LineConflict, Lines};
pub use built_in::{BUILT_IN, built_in};
pub use error::GpioError;
pub use simulator::{Change, Recording, Simulator};
pub use wiring::{ActiveLevel, ButtonWiring, Line, Part, Pull, Wiring};

/// The lines of a board that are open for output.
pub trait GpioOutputs: Send {
    /// Drives the line of a part high or low. A part that the board does not have is ignored.
    fn drive(&mut self, part: Part, high: bool);
    /// The level of the line, read from the line itself and not from what was written.
    fn is_high(&self, part: Part) -> bool;
}

/// Opens the lines of a board with its driver; every part is off.
///
/// # Errors
/// [`GpioError`] says what keeps the lines from being driven and what to do.
pub fn open(board: &Board) -> Result<Box<dyn GpioOutputs>, GpioError> {
    Ok(match board.backend {
        Backend::Simulator => Box::new(Simulator::default()),
        #[cfg(target_os = "linux")]
        Backend::Gpiocdev => Box::new(gpiocdev::CharacterDevice::open(board)?),
        #[cfg(target_os = "linux")]
        Backend::Rppal => Box::new(rppal::RaspberryPi::open(board)?),
        #[cfg(not(target_os = "linux"))]
        Backend::Gpiocdev | Backend::Rppal => {
            return Err(GpioError::NotARaspberryPi { board: board.name.clone() });
        }
    })
}
