//! Lights and a buzzer: each signal has a pattern of its own.
//!
//! ```text
//! Item ─Signal::of→ Signal ─Patterns::of→ Pattern ─at(elapsed)→ Levels ─Panel::drive→ lines of a board
//! ```
//!
//! # Safe state
//! All parts are off before the lines become outputs, when the [`Panel`] is dropped (also while a panic
//! unwinds), and when the process ends by a signal: SIGTERM, SIGINT and SIGHUP do not run `Drop`, so [`open`]
//! starts a thread that takes these signals, turns everything off, and then ends the process by the signal.
//! SIGKILL and a loss of power cannot be caught. After SIGKILL the kernel takes the lines back, and their levels depend on
//! the chip (with rppal they stay) until the next start; without power the lights are off.
//!
//! A loop that hangs is a fault on the lights, by the thread that plays the patterns: no signal outlives the loop that ordered
//! it ([`SignalOutput::alive`]).

mod board_file;
mod indicator;
mod loop_watch;
#[cfg(unix)]
mod mirrored;
mod output;
mod panel;
mod patterns;
mod safe_state;

pub use board_file::{BoardError, BoardFile};
pub use indicator::Indicator;
#[cfg(unix)]
pub use mirrored::MirroredLights;
pub use output::{NoLights, SignalOutput};
pub use panel::{Panel, SharedPanel, lock};
pub use patterns::{Levels, Pattern, PatternError, Patterns, Rhythm};
pub use safe_state::open;
