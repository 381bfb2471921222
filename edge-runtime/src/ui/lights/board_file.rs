//! A board file: the wiring of a board, and what signals look like on it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::patterns::{Pattern, PatternError, Patterns};
use crate::gpio::{Backend, Board, Line, LineConflict, Lines, Part, built_in};
use crate::status::Signal;
use crate::toml_text;

/// Largest board file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

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
    Unreadable { file: String, reason: String },
    /// The file is no board file.
    #[error("{file}: not a board file: {reason}; compare it with boards/pi4.toml")]
    Invalid {
        /// The file, or the name of the built-in board.
        file: String,
        reason: String,
    },
    /// Two parts would be driven by one line.
    #[error("{file}: {first} and {second} are both on {line}; give each a line of its own")]
    SharedLine {
        /// The file, or the name of the built-in board.
        file: String,
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

/// The file as it is written. Without `backend` the kernel's character device drives the lines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileContent {
    name: String,
    #[serde(default)]
    backend: Backend,
    #[serde(default)]
    machines: Vec<String>,
    lines: Lines,
    #[serde(default)]
    patterns: BTreeMap<Signal, Pattern>,
}

/// A board, and what signals look like on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardFile {
    pub board: Board,
    pub patterns: Patterns,
}

impl BoardFile {
    /// A built-in board by its name, else the board file at that path.
    ///
    /// # Errors
    /// [`BoardError`] says what is wrong with the name or the file.
    pub fn find(name_or_path: &str) -> Result<BoardFile, BoardError> {
        if let Some(text) = built_in(name_or_path) {
            return BoardFile::parse(name_or_path, text);
        }
        let file = || name_or_path.to_owned();
        if !Path::new(name_or_path).exists() {
            return Err(BoardError::Unknown { name: file() });
        }
        let mut text = String::new();
        std::fs::File::open(name_or_path)
            .and_then(|opened| opened.take(MAX_BYTES).read_to_string(&mut text))
            .map_err(|error| BoardError::Unreadable { file: file(), reason: error.to_string() })?;
        BoardFile::parse(name_or_path, &text)
    }

    pub(super) fn parse(file: &str, text: &str) -> Result<BoardFile, BoardError> {
        let content: FileContent = toml::from_str(text).map_err(|error| BoardError::Invalid {
            file: file.to_owned(),
            reason: toml_text::reason(text, &error),
        })?;
        let FileContent { name, backend, machines, lines, patterns } = content;
        let patterns = Patterns::with(&patterns)
            .map_err(|problem| BoardError::Pattern { file: file.to_owned(), problem })?;
        let board = Board::new(name, backend, machines, lines)
            .map_err(|conflict| BoardError::of_conflict(file, conflict))?;
        Ok(BoardFile { board, patterns })
    }
}

impl BoardError {
    fn of_conflict(file: &str, conflict: LineConflict) -> BoardError {
        let file = file.to_owned();
        match conflict {
            LineConflict::NotOnHeader(line) => {
                let reason = format!("{line} is no line of the header; they are called GPIO2 to GPIO27");
                BoardError::Invalid { file, reason }
            }
            LineConflict::ButtonShared(part, line) => {
                BoardError::Invalid { file, reason: format!("the button and {part} are both on {line}") }
            }
            LineConflict::Shared { line, first, second } => {
                BoardError::SharedLine { file, line, first, second }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpio::{BUILT_IN, Pull};

    const LEDS: &str = "name = 'x'\nbackend = 'rppal'\n[lines]\nred = { line = 'GPIO2', active = 'low' }\n\
                        yellow = { line = 'GPIO3', active = 'high' }\n";

    fn parse(rest: &str) -> Result<BoardFile, BoardError> {
        BoardFile::parse("x.toml", &format!("{LEDS}{rest}"))
    }

    #[test]
    fn the_built_in_boards_are_valid() {
        for (name, _) in BUILT_IN {
            let board = BoardFile::find(name).expect(name);
            assert_eq!(board.board.name, name);
            assert_eq!(board.board.backend == Backend::Simulator, name == "sim");
            assert_eq!(board.board.parts().count(), 4, "{name}");
            assert_eq!(board.patterns, Patterns::default(), "{name}: the standard patterns are in one place");
        }
    }

    #[test]
    fn a_buzzer_may_be_missing_and_a_part_may_be_active_low() {
        let board = parse("green = { line = 'GPIO27', active = 'high' }").expect("a board");
        let lines: Vec<_> =
            board.board.parts().map(|(part, wiring)| (part, wiring.line.header_number())).collect();
        assert_eq!(lines, [(Part::Red, Some(2)), (Part::Yellow, Some(3)), (Part::Green, Some(27))]);
        let red = board.board.wiring(Part::Red).expect("red");
        let green = board.board.wiring(Part::Green).expect("green");
        assert_eq!([red.high_when(true), red.high_when(false)], [false, true]);
        assert_eq!([green.high_when(true), green.high_when(false)], [true, false]);
    }

    #[test]
    fn lines_have_names_and_a_button_has_one_of_its_own() {
        let text = "name = 'x'\nbackend = 'gpiocdev'\n[lines]\nred = { line = 'PQ.05', active = 'low' }\n\
                    yellow = { line = 'tegra-gpio:149', active = 'high' }\n\
                    green = { line = 'a:b:7', active = 'high' }\n\
                    button = { line = 'PAC.06', active = 'low', pull = 'up' }\n";
        let board = BoardFile::parse("x.toml", text).expect("a board");
        let line = |part| board.board.wiring(part).expect("wired").line;
        assert_eq!((line(Part::Red).name(), line(Part::Red).chip_and_offset()), ("PQ.05", None));
        assert_eq!(line(Part::Yellow).chip_and_offset(), Some(("tegra-gpio", 149)));
        assert_eq!(line(Part::Green).chip_and_offset(), Some(("a:b", 7)));
        let button = board.board.button().expect("a button");
        assert_eq!((button.line.name(), button.pull), ("PAC.06", Pull::Up));
        let shared =
            BoardFile::parse("x.toml", &text.replace("PAC.06", "PQ.05")).expect_err("shared").to_string();
        assert!(shared.contains("the button and red are both on PQ.05"), "{shared}");
        for name in ["", "a b", "ä", "a-name-that-is-longer-than-the-kernel-has-space-for"] {
            let error = BoardFile::parse("x.toml", &text.replace("PQ.05", name)).expect_err(name).to_string();
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
        assert_eq!(BoardFile::find(path.to_str().expect("UTF-8")), BoardFile::find("pi4"));
        assert_eq!(BoardFile::find("pi9"), Err(BoardError::Unknown { name: "pi9".into() }));
        let folder = folder.path().to_str().expect("UTF-8");
        assert!(matches!(BoardFile::find(folder), Err(BoardError::Unreadable { .. })));
    }
}
