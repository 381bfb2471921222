//! The button: a line of the board, debounced.

mod debounce;
#[cfg(target_os = "linux")]
mod line;

pub use debounce::{Debouncer, Press, SETTLE};
#[cfg(target_os = "linux")]
pub use line::watch;
