//! A board: which line drives what, at which level, through which driver.

use serde::Deserialize;

use super::error::GpioError;
use super::wiring::{ButtonWiring, Line, Part, Wiring};

/// The driver of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The kernel's character device: any Linux board.
    #[default]
    Gpiocdev,
    /// The registers of a Raspberry Pi. The rppal crate was retired on 2025-07-01 and does not know later boards.
    Rppal,
    /// No hardware: levels are recorded.
    Simulator,
}

/// `[lines]` of a board file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    pub red: Wiring,
    pub yellow: Wiring,
    pub green: Wiring,
    pub buzzer: Option<Wiring>,
    pub button: Option<ButtonWiring>,
}

/// A board with its wiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    pub name: String,
    pub backend: Backend,
    /// The machine's name begins with one of these; empty: any machine that the driver knows.
    pub machines: Vec<String>,
    lines: Lines,
}

/// Why the lines of a board cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineConflict {
    /// The driver has no such line.
    NotOnHeader(Line),
    /// The button and a part share a line.
    ButtonShared(Part, Line),
    /// Two parts share a line.
    Shared { line: Line, first: Part, second: Part },
}

impl Board {
    /// # Errors
    /// [`LineConflict`] if the driver does not have a line, or two uses share one.
    pub fn new(
        name: String,
        backend: Backend,
        machines: Vec<String>,
        lines: Lines,
    ) -> Result<Board, LineConflict> {
        let board = Board { name, backend, machines, lines };
        board.check_lines().map(|()| board)
    }

    fn check_lines(&self) -> Result<(), LineConflict> {
        let parts: Vec<_> = self.parts().collect();
        for (_, Wiring { line, .. }) in &parts {
            if self.backend == Backend::Rppal && line.header_number().is_none() {
                return Err(LineConflict::NotOnHeader(*line));
            }
        }
        if let Some(button) = self.button()
            && let Some((part, _)) = parts.iter().find(|(_, wiring)| wiring.line == button.line)
        {
            return Err(LineConflict::ButtonShared(*part, button.line));
        }
        for (at, (second, wiring)) in parts.iter().enumerate() {
            if let Some((first, _)) = parts[..at].iter().find(|(_, other)| other.line == wiring.line) {
                return Err(LineConflict::Shared { line: wiring.line, first: *first, second: *second });
            }
        }
        Ok(())
    }

    /// Checks that the board file is for a machine of this name; empty where the machine does not say its name.
    ///
    /// # Errors
    /// [`GpioError::OtherMachine`].
    pub fn check_machine(&self, machine: &str) -> Result<(), GpioError> {
        if self.machines.is_empty() || self.machines.iter().any(|begin| machine.starts_with(begin)) {
            return Ok(());
        }
        let machine = if machine.is_empty() { "machine that does not say what it is" } else { machine };
        Err(GpioError::OtherMachine { board: self.name.clone(), machine: machine.to_owned() })
    }

    /// How a part is wired; `None` if the board has none, which only the buzzer may be.
    pub fn wiring(&self, part: Part) -> Option<Wiring> {
        match part {
            Part::Red => Some(self.lines.red),
            Part::Yellow => Some(self.lines.yellow),
            Part::Green => Some(self.lines.green),
            Part::Buzzer => self.lines.buzzer,
        }
    }

    /// How the button is wired, if the board has one.
    pub fn button(&self) -> Option<ButtonWiring> {
        self.lines.button
    }

    /// The parts that the board has.
    pub fn parts(&self) -> impl Iterator<Item = (Part, Wiring)> + '_ {
        Part::ALL.into_iter().filter_map(|part| Some((part, self.wiring(part)?)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::gpio::built_in;

    /// A built-in board, without what its file says of patterns.
    pub(in crate::gpio) fn board(name: &str) -> Board {
        #[derive(Deserialize)]
        struct Hardware {
            #[serde(default)]
            backend: Backend,
            #[serde(default)]
            machines: Vec<String>,
            lines: Lines,
        }
        let Hardware { backend, machines, lines } =
            toml::from_str(built_in(name).expect("built in")).expect("a board file");
        Board::new(name.to_owned(), backend, machines, lines).expect("a board")
    }

    #[test]
    fn every_real_board_is_driven_by_the_character_device() {
        for (name, _) in crate::gpio::BUILT_IN {
            let expected = if name == "sim" { Backend::Simulator } else { Backend::Gpiocdev };
            assert_eq!(board(name).backend, expected, "{name}");
        }
    }
}
