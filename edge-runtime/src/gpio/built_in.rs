//! The boards that are part of the program, by the name that `--board` takes.

/// Name and board file. A new board is one file in `boards/` and one line here.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("pi3", include_str!("../../boards/pi3.toml")),
    ("pi4", include_str!("../../boards/pi4.toml")),
    ("pi5", include_str!("../../boards/pi5.toml")),
    ("jetson-nano", include_str!("../../boards/jetson-nano.toml")),
    ("jetson-orin-nano", include_str!("../../boards/jetson-orin-nano.toml")),
    ("sim", include_str!("../../boards/sim.toml")),
];

/// The board file of that name.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(built_in, _)| *built_in == name).map(|(_, text)| *text)
}
