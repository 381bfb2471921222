//! The button: a line of the board, debounced.

mod debounce;
#[cfg(target_os = "linux")]
mod line;

pub use debounce::{Debouncer, Press, SETTLE};
#[cfg(target_os = "linux")]
pub use line::ButtonLine;

use std::sync::mpsc::Receiver;

use crate::gpio::GpioError;

/// A button whose line is open.
pub trait Button {
    /// Whether the line has the level of a pressed button now.
    ///
    /// # Errors
    /// If it cannot be read.
    fn is_pressed(&self) -> Result<bool, GpioError>;

    /// Its presses from now on, debounced, for as long as the receiver lives. One that is held now is pressed now.
    ///
    /// # Errors
    /// What keeps the line from being watched.
    fn watch(self: Box<Self>) -> Result<Receiver<Press>, GpioError>;
}
