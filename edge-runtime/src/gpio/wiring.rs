//! What is connected to the lines of a board, and how.

use std::fmt;

use serde::Deserialize;

/// What a line drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The red LED.
    Red,
    /// The yellow LED.
    Yellow,
    /// The green LED.
    Green,
    /// The buzzer: an active one, which sounds while its line is active.
    Buzzer,
}

impl Part {
    pub const ALL: [Part; 4] = [Part::Red, Part::Yellow, Part::Green, Part::Buzzer];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Part::Red => "red",
            Part::Yellow => "yellow",
            Part::Green => "green",
            Part::Buzzer => "buzzer",
        })
    }
}

/// Longest name of a line, in bytes: the kernel's is a buffer of 32 that ends with a zero.
const LONGEST_NAME: usize = 31;

/// A line: by the name that the kernel gives it (`GPIO17`, `PQ.05`), or where it gives none by its chip's label and
/// its place on it (`tegra-gpio:149`). Never by the chip's number, which changes from one kernel to the next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Line {
    name: [u8; LONGEST_NAME],
    length: usize,
}

impl Line {
    pub fn name(&self) -> &str {
        // It was made from a string of ASCII.
        std::str::from_utf8(&self.name[..self.length]).unwrap_or_default()
    }

    /// The number of a line of a Raspberry Pi's 40-pin header as Broadcom counts it, 2..=27; `None` if it is
    /// none. 0 and 1 belong to the identification of add-on boards.
    pub fn header_number(&self) -> Option<u8> {
        let number = self.name().strip_prefix("GPIO")?.parse().ok()?;
        ((2..=27).contains(&number) && self.name() == format!("GPIO{number}")).then_some(number)
    }

    /// The chip's label and the place on it, if it is written in that way.
    pub fn chip_and_offset(&self) -> Option<(&str, u32)> {
        let (label, offset) = self.name().rsplit_once(':')?;
        Some((label, offset.parse().ok()?))
    }
}

impl TryFrom<String> for Line {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let bytes = name.as_bytes();
        if bytes.is_empty() || bytes.len() > LONGEST_NAME || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(format!("{name:?} is no name of a line; `gpioinfo` shows them"));
        }
        let mut line = Line { name: [0; LONGEST_NAME], length: bytes.len() };
        line.name[..bytes.len()].copy_from_slice(bytes);
        Ok(line)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), f)
    }
}

/// The level at which a part is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActiveLevel {
    /// On when the line is high.
    High,
    /// On when the line is low.
    Low,
}

/// A line and the level at which its part is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wiring {
    pub line: Line,
    /// The level at which the part is on.
    pub active: ActiveLevel,
}

impl Wiring {
    /// Whether the line must be high for the part to be on (`active`) or off.
    pub fn high_when(self, active: bool) -> bool {
        active == (self.active == ActiveLevel::High)
    }
}

/// The resistor that holds the line of a button at its other level while it is not pressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pull {
    /// A resistor on the board.
    #[default]
    None,
    /// The chip's own resistor to the supply.
    Up,
    /// The chip's own resistor to ground.
    Down,
}

/// How a button is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ButtonWiring {
    pub line: Line,
    /// The level while it is pressed.
    pub active: ActiveLevel,
    /// What holds it otherwise.
    #[serde(default)]
    pub pull: Pull,
}

impl ButtonWiring {
    /// Whether it is pressed while the line is high, or is not.
    pub fn is_pressed_when(self, high: bool) -> bool {
        high == (self.active == ActiveLevel::High)
    }
}
