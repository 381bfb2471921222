//! Lights and a buzzer: each verdict has a pattern of its own.
//!
//! ```text
//! Item ─Signal::of→ Signal ─Patterns::of→ Pattern ─at(elapsed)→ Levels ─Panel::drive→ lines of a board
//! ```
//!
//! # Safe state
//! All parts are off before the lines become outputs, when the [`Panel`] is dropped (also while a panic
//! unwinds), and when the process is told to end: SIGTERM, SIGINT and SIGHUP do not run `Drop`, so [`open`]
//! starts a thread that takes these signals, turns everything off, and then ends the process by the signal.
//! SIGKILL and a loss of power cannot be caught. After SIGKILL the lines stay as they were until the next
//! start; without power they are dark.

mod board;
#[cfg(target_os = "linux")]
pub(crate) mod gpiocdev;
mod indicator;
mod patterns;
#[cfg(target_os = "linux")]
mod rppal;
mod shown;
mod signal;
mod simulator;
mod wiring;

pub use board::{Backend, Board, BoardError};
pub use indicator::{Dark, Indicator, Show};
pub use patterns::{Levels, Pattern, PatternError, Patterns, Rhythm};
pub use shown::{About, Shown};
pub use signal::Signal;
pub use simulator::{Change, Recording, Simulator};
pub use wiring::{ActiveLevel, ButtonWiring, Line, Part, Pull, Wiring};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The lines of a board that are open for output.
pub trait Lights: Send {
    /// Drives the line of a part high or low. A part that the board has not is passed over.
    fn drive(&mut self, part: Part, high: bool);
    /// The level that the line has, read from the line itself and not from what was written.
    fn is_high(&self, part: Part) -> bool;
}

/// Why a board's lines cannot be driven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LightsError {
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
        /// The machine.
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
        /// The line.
        line: String,
        /// What has it.
        by: String,
    },
    /// The machine has no such line.
    #[error("{line}: this machine has no such line; correct the board file (`gpioinfo` shows the lines)")]
    NoSuchLine {
        /// The line.
        line: Line,
    },
    /// Something else went wrong.
    #[error(
        "the GPIO lines could not be opened: {reason}; check that /dev/gpiochip* and /dev/gpiomem* exist"
    )]
    Failed {
        /// The operating system's word.
        reason: String,
    },
    /// The process could not get ready to turn the lights off when it is told to end.
    #[error("SIGTERM could not be handled: {reason}; without it lights would stay on: restart the device")]
    NoSafeState {
        /// The operating system's word.
        reason: String,
    },
}

/// A board with its lines: everything that is driven goes through here, and everything is off when it is
/// dropped.
pub struct Panel {
    board: Board,
    lights: Box<dyn Lights>,
    driven: Levels,
}

/// A panel that the thread for patterns and the one for SIGTERM share.
pub type SharedPanel = Arc<Mutex<Panel>>;

impl Panel {
    /// Takes the lines over and turns every part off.
    pub fn new(board: Board, lights: Box<dyn Lights>) -> Panel {
        let mut panel = Panel { board, lights, driven: Levels::default() };
        panel.darken();
        panel
    }

    /// The board.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Turns parts on and off; writes only what changed, and off before on: two signals are never mixed.
    pub fn drive(&mut self, levels: Levels) {
        for on in [false, true] {
            for part in Part::ALL {
                if levels.of(part) == on && self.driven.of(part) != on {
                    self.write(part, on);
                }
            }
        }
    }

    /// Turns every part off, whatever was written before.
    pub fn darken(&mut self) {
        for part in Part::ALL {
            self.write(part, false);
        }
    }

    /// Turns one part on or off and reads its line back: whether the line has the level that was written.
    /// A part that the board has not answers as if it did.
    pub fn try_part(&mut self, part: Part, on: bool) -> bool {
        self.write(part, on);
        self.board.wiring(part).is_none_or(|wiring| self.lights.is_high(part) == wiring.high_when(on))
    }

    fn write(&mut self, part: Part, on: bool) {
        if let Some(wiring) = self.board.wiring(part) {
            self.lights.drive(part, wiring.high_when(on));
            self.driven.set(part, on);
        }
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        self.darken();
    }
}

/// Opens the lines of a board, all off, and turns them off when the process is told to end.
///
/// # Errors
/// [`LightsError`] says what keeps the lines from being driven and what to do.
pub fn open(board: Board) -> Result<SharedPanel, LightsError> {
    // Before the first line is driven: a signal that comes between the two is not lost.
    let ending = catch_ending()?;
    let lights: Box<dyn Lights> = match board.backend {
        Backend::Simulator => Box::new(Simulator::default()),
        #[cfg(target_os = "linux")]
        Backend::Rppal => Box::new(rppal::RaspberryPi::open(&board)?),
        #[cfg(target_os = "linux")]
        Backend::Gpiocdev => Box::new(gpiocdev::CharacterDevice::open(&board)?),
        #[cfg(not(target_os = "linux"))]
        Backend::Rppal | Backend::Gpiocdev => return Err(LightsError::NotARaspberryPi { board: board.name }),
    };
    let panel = Arc::new(Mutex::new(Panel::new(board, lights)));
    darken_at_the_end(Arc::downgrade(&panel), ending)?;
    Ok(panel)
}

/// The panel, for as long as the guard lives. A thread that panicked while it had it is no reason to leave a
/// light on.
pub fn lock(panel: &SharedPanel) -> MutexGuard<'_, Panel> {
    panel.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn catch_ending() -> Result<signal_hook::iterator::Signals, LightsError> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])
        .map_err(|error| LightsError::NoSafeState { reason: error.to_string() })
}

#[cfg(unix)]
fn darken_at_the_end(
    panel: Weak<Mutex<Panel>>,
    mut ending: signal_hook::iterator::Signals,
) -> Result<(), LightsError> {
    let watch = move || {
        for signal in ending.forever() {
            let panel = panel.upgrade();
            // The lock is kept until the process is gone: nothing can turn a light on again.
            let mut held = panel.as_ref().map(lock);
            if let Some(panel) = &mut held {
                panel.darken();
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    let thread = std::thread::Builder::new().name("lights-off".into()).spawn(watch);
    thread.map(drop).map_err(|error| LightsError::NoSafeState { reason: error.to_string() })
}

#[cfg(not(unix))]
fn catch_ending() -> Result<(), LightsError> {
    Ok(())
}

#[cfg(not(unix))]
fn darken_at_the_end(_panel: Weak<Mutex<Panel>>, _ending: ()) -> Result<(), LightsError> {
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;

    pub(crate) fn simulated(simulator: Simulator) -> (Panel, Recording) {
        simulated_on(Board::find("sim").expect("sim"), simulator)
    }

    pub(crate) fn simulated_on(board: Board, simulator: Simulator) -> (Panel, Recording) {
        let recording = simulator.recording();
        let panel = Panel::new(board, Box::new(simulator));
        recording.take();
        (panel, recording)
    }

    #[test]
    fn a_panel_writes_what_changed_and_is_dark_when_dropped() {
        let (mut panel, recording) = simulated(Simulator::default());
        panel.drive(Pattern::standard(Signal::NoSign).at(Duration::ZERO).0);
        assert_eq!(recording.take(), [(Part::Green, true), (Part::Buzzer, true)]);
        panel.drive(Pattern::standard(Signal::NoSign).at(Duration::from_secs(1)).0);
        assert_eq!(recording.take(), [(Part::Buzzer, false)]);
        panel.drive(Pattern::standard(Signal::NoResult).at(Duration::from_secs(9)).0);
        assert_eq!(recording.take(), [(Part::Green, false), (Part::Yellow, true)]);
        drop(panel);
        assert_eq!(recording.take(), Part::ALL.map(|part| (part, false)));
    }

    #[test]
    fn a_panic_leaves_it_dark() {
        let (mut panel, recording) = simulated(Simulator::default());
        let worker = std::thread::spawn(move || {
            panel.drive(Pattern::standard(Signal::Suspected).at(Duration::ZERO).0);
            panic!("as a test");
        });
        assert!(worker.join().is_err());
        assert_eq!(recording.take()[2..], Part::ALL.map(|part| (part, false)));
    }

    #[test]
    fn a_part_that_is_active_low_is_off_when_high() {
        let text = "name = 'x'\nbackend = 'simulator'\n[lines]\nred = { line = 'GPIO2', active = 'low' }\n\
                    yellow = { line = 'GPIO3', active = 'high' }\ngreen = { line = 'GPIO4', active = 'low' }\n";
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.toml");
        std::fs::write(&path, text).expect("written");
        let simulator = Simulator::default();
        let recording = simulator.recording();
        let board = Board::find(path.to_str().expect("UTF-8")).expect("a board");
        let mut panel = Panel::new(board, Box::new(simulator));
        let dark = [(Part::Red, true), (Part::Yellow, false), (Part::Green, true)];
        assert_eq!(recording.take(), dark);
        panel.drive(Pattern::standard(Signal::NoSign).at(Duration::ZERO).0);
        assert_eq!(recording.take(), [(Part::Green, false)], "this board has no buzzer");
        drop(panel);
        assert_eq!(recording.take(), dark);
    }

    #[test]
    fn a_line_that_does_not_follow_is_seen() {
        let (mut panel, _) = simulated(Simulator::default().with_stuck(Part::Yellow, true));
        let answers = Part::ALL.map(|part| [panel.try_part(part, true), panel.try_part(part, false)]);
        assert_eq!(answers, [[true, true], [true, false], [true, true], [true, true]]);
    }
}
