//! Boards are data: which GPIO line drives what, at which level, and what signals look like on it. See `boards/*.toml`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::patterns::{Pattern, PatternError, Patterns};
use super::signal::Signal;
use super::wiring::{ButtonWiring, Line, Part, Wiring};

/// The boards that are built in, by the name that `--board` takes.
const BUILT_IN: [(&str, &str); 6] = [
    ("pi3", include_str!("../../../boards/pi3.toml")),
    ("pi4", include_str!("../../../boards/pi4.toml")),
    ("pi5", include_str!("../../../boards/pi5.toml")),
    ("jetson-nano", include_str!("../../../boards/jetson-nano.toml")),
    ("jetson-orin-nano", include_str!("../../../boards/jetson-orin-nano.toml")),
    ("sim", include_str!("../../../boards/sim.toml")),
];

/// A board file is a page; what is longer than this many bytes is something else.
const LONGEST: u64 = 64 * 1024;

/// Why there is no board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// Neither a built-in board nor a file.
    #[error(
        "{name}: no such board; give pi3, pi4, pi5, jetson-nano, jetson-orin-nano, sim, or the path of a board file"
    )]
    Unknown {
        /// What was given.
        name: String,
    },
    /// The file is there and cannot be read.
    #[error("{file}: the board file could not be read: {reason}; check that you may read it")]
    Unreadable {
        /// The file.
        file: String,
        /// The operating system's word.
        reason: String,
    },
    /// The file is no board file.
    #[error("{file}: not a board file: {reason}; compare it with boards/pi4.toml")]
    Invalid {
        /// The file, or the name of the built-in board.
        file: String,
        /// What does not hold, and where.
        reason: String,
    },
    /// Two parts would be driven by one line.
    #[error("{file}: {first} and {second} are both on {line}; give each a line of its own")]
    SharedLine {
        /// The file, or the name of the built-in board.
        file: String,
        /// The line.
        line: Line,
        /// A part on it.
        first: Part,
        /// Another part on it.
        second: Part,
    },
    /// A pattern breaks a rule.
    #[error("{file}: {problem}")]
    Pattern {
        /// The file, or the name of the built-in board.
        file: String,
        /// Which signal's, and how.
        problem: PatternError,
    },
}

/// What drives the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The GPIO lines of a Raspberry Pi, through its registers.
    Rppal,
    /// The GPIO lines of any Linux board, through the kernel's character device.
    Gpiocdev,
    /// Nothing: levels are recorded.
    Simulator,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    red: Wiring,
    yellow: Wiring,
    green: Wiring,
    buzzer: Option<Wiring>,
    button: Option<ButtonWiring>,
}

/// One board file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    backend: Backend,
    #[serde(default)]
    machines: Vec<String>,
    lines: Lines,
    #[serde(default)]
    patterns: BTreeMap<Signal, Pattern>,
}

/// A board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Its name.
    pub name: String,
    /// What drives its lines.
    pub backend: Backend,
    /// The machine's name begins with one of these; empty: any machine that the backend knows.
    pub machines: Vec<String>,
    lines: Lines,
    patterns: Patterns,
}

impl Board {
    /// A built-in board by its name, else the board file at that path.
    ///
    /// # Errors
    /// [`BoardError`] says what is wrong with the name or the file.
    pub fn find(name_or_path: &str) -> Result<Board, BoardError> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
            return Board::parse(name, text);
        }
        let file = || name_or_path.to_owned();
        if !Path::new(name_or_path).exists() {
            return Err(BoardError::Unknown { name: file() });
        }
        let mut text = String::new();
        std::fs::File::open(name_or_path)
            .and_then(|opened| opened.take(LONGEST).read_to_string(&mut text))
            .map_err(|error| BoardError::Unreadable { file: file(), reason: error.to_string() })?;
        Board::parse(name_or_path, &text)
    }

    pub(super) fn parse(file: &str, text: &str) -> Result<Board, BoardError> {
        let invalid = |reason: String| BoardError::Invalid { file: file.to_owned(), reason };
        let written: Written =
            toml::from_str(text).map_err(|error| invalid(error.to_string().trim_end().to_owned()))?;
        let Written { name, backend, machines, lines, patterns: own } = written;
        let patterns =
            Patterns::with(&own).map_err(|problem| BoardError::Pattern { file: file.to_owned(), problem })?;
        let board = Board { name, backend, machines, lines, patterns };
        board.check_lines(file)?;
        Ok(board)
    }

    /// Sees that each line is one that the backend has, and that nothing else is on it.
    fn check_lines(&self, file: &str) -> Result<(), BoardError> {
        let invalid = |reason: String| BoardError::Invalid { file: file.to_owned(), reason };
        let parts: Vec<_> = self.parts().collect();
        for (_, Wiring { line, .. }) in &parts {
            if self.backend == Backend::Rppal && line.header().is_none() {
                return Err(invalid(format!(
                    "{line} is no line of the header; they are called GPIO2 to GPIO27"
                )));
            }
        }
        if let Some(button) = self.button()
            && let Some((part, _)) = parts.iter().find(|(_, wiring)| wiring.line == button.line)
        {
            return Err(invalid(format!("the button and {part} are both on {}", button.line)));
        }
        for (at, (second, wiring)) in parts.iter().enumerate() {
            if let Some((first, _)) = parts[..at].iter().find(|(_, other)| other.line == wiring.line) {
                let (first, second) = (*first, *second);
                return Err(BoardError::SharedLine {
                    file: file.to_owned(),
                    line: wiring.line,
                    first,
                    second,
                });
            }
        }
        Ok(())
    }

    /// What signals look like on it.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
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

    /// The button, if the board has one.
    pub fn button(&self) -> Option<ButtonWiring> {
        self.lines.button
    }

    /// The parts that the board has.
    pub fn parts(&self) -> impl Iterator<Item = (Part, Wiring)> + '_ {
        Part::ALL.into_iter().filter_map(|part| Some((part, self.wiring(part)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::wiring::Pull;
    use super::*;

    const LEDS: &str = "name = 'x'\nbackend = 'rppal'\n[lines]\nred = { line = 'GPIO2', active = 'low' }\n\
                        yellow = { line = 'GPIO3', active = 'high' }\n";

    fn parse(rest: &str) -> Result<Board, BoardError> {
        Board::parse("x.toml", &format!("{LEDS}{rest}"))
    }

    #[test]
    fn the_built_in_boards_are_valid() {
        for (name, _) in BUILT_IN {
            let board = Board::find(name).expect(name);
            assert_eq!(board.name, name);
            assert_eq!(board.backend == Backend::Simulator, name == "sim");
            assert_eq!(board.parts().count(), 4, "{name}");
            assert_eq!(*board.patterns(), Patterns::default(), "{name}: the standard stands in one place");
        }
    }

    #[test]
    fn a_buzzer_may_be_missing_and_a_part_may_be_active_low() {
        let board = parse("green = { line = 'GPIO27', active = 'high' }").expect("a board");
        let lines: Vec<_> = board.parts().map(|(part, wiring)| (part, wiring.line.header())).collect();
        assert_eq!(lines, [(Part::Red, Some(2)), (Part::Yellow, Some(3)), (Part::Green, Some(27))]);
        let red = board.wiring(Part::Red).expect("red");
        let green = board.wiring(Part::Green).expect("green");
        assert_eq!([red.high_when(true), red.high_when(false)], [false, true]);
        assert_eq!([green.high_when(true), green.high_when(false)], [true, false]);
    }

    #[test]
    fn lines_have_names_and_a_button_has_one_of_its_own() {
        let text = "name = 'x'\nbackend = 'gpiocdev'\n[lines]\nred = { line = 'PQ.05', active = 'low' }\n\
                    yellow = { line = 'tegra-gpio:149', active = 'high' }\n\
                    green = { line = 'a:b:7', active = 'high' }\n\
                    button = { line = 'PAC.06', active = 'low', pull = 'up' }\n";
        let board = Board::parse("x.toml", text).expect("a board");
        let line = |part| board.wiring(part).expect("wired").line;
        assert_eq!((line(Part::Red).name(), line(Part::Red).place()), ("PQ.05", None));
        assert_eq!(line(Part::Yellow).place(), Some(("tegra-gpio", 149)));
        assert_eq!(line(Part::Green).place(), Some(("a:b", 7)));
        let button = board.button().expect("a button");
        assert_eq!((button.line.name(), button.pull), ("PAC.06", Pull::Up));
        let shared =
            Board::parse("x.toml", &text.replace("PAC.06", "PQ.05")).expect_err("shared").to_string();
        assert!(shared.contains("the button and red are both on PQ.05"), "{shared}");
        for name in ["", "a b", "ä", "a-name-that-is-longer-than-the-kernel-has-room-for"] {
            let error = Board::parse("x.toml", &text.replace("PQ.05", name)).expect_err(name).to_string();
            assert!(error.contains("is no name of a line"), "{error}");
        }
    }

    #[test]
    fn two_parts_on_one_line_are_refused() {
        let error = parse("green = { line = 'GPIO3', active = 'high' }").expect_err("shared");
        assert_eq!(
            error.to_string(),
            "x.toml: yellow and green are both on GPIO3; give each a line of its own"
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (rest, word) in [
            ("", "green"),
            ("green = { line = 'GPIO4', active = 'hi' }", "hi"),
            ("green = { line = 'GPIO4' }", "active"),
            ("green = { line = 'GPIO4', active = 'high', pull = 'up' }", "pull"),
            ("green = { line = 'GPIO4', active = 'high' }\nblue = 1", "blue"),
            ("green = { line = 'GPIO28', active = 'high' }", "GPIO28"),
            ("green = { line = 'GPIO1', active = 'high' }", "GPIO1"),
            ("green = { line = 'GPIO+4', active = 'high' }", "GPIO+4"),
            ("green = { line = 'GPIO04', active = 'high' }", "GPIO04"),
            ("green = { line = 4, active = 'high' }", "4"),
        ] {
            let error = parse(rest).expect_err(rest).to_string();
            assert!(error.starts_with("x.toml: not a board file: ") && error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_path_is_read_and_a_name_that_is_neither_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, BUILT_IN[1].1).expect("written");
        assert_eq!(Board::find(path.to_str().expect("UTF-8")), Board::find("pi4"));
        assert_eq!(Board::find("pi9"), Err(BoardError::Unknown { name: "pi9".into() }));
        let folder = folder.path().to_str().expect("UTF-8");
        assert!(matches!(Board::find(folder), Err(BoardError::Unreadable { .. })));
    }
}
