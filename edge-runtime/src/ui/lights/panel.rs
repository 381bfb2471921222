//! The lights and the buzzer of a board, driven together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::patterns::Levels;
use crate::gpio::{Board, GpioOutputs, Part};

/// A board with its lines: everything that is driven goes through here, and everything is off when it is
/// dropped.
pub struct Panel {
    board: Board,
    lights: Box<dyn GpioOutputs>,
    driven: Levels,
}

/// A panel that the thread for patterns and the one for SIGTERM share.
pub type SharedPanel = Arc<Mutex<Panel>>;

impl Panel {
    /// Takes the lines over and turns every part off.
    pub fn new(board: Board, lights: Box<dyn GpioOutputs>) -> Panel {
        let mut panel = Panel { board, lights, driven: Levels::default() };
        panel.darken();
        panel
    }

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

/// The panel, for as long as the guard lives. A thread that panicked while it had it is no reason to leave a
/// light on.
pub fn lock(panel: &SharedPanel) -> MutexGuard<'_, Panel> {
    panel.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::super::{BoardFile, Pattern};
    use super::*;
    use crate::gpio::{Recording, Simulator};
    use crate::status::Signal;

    pub(crate) fn simulated(simulator: Simulator) -> (Panel, Recording) {
        simulated_on(BoardFile::find("sim").expect("sim").board, simulator)
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
        let board = BoardFile::find(path.to_str().expect("UTF-8")).expect("a board").board;
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
