//! What the tests share: a small model, a device in a folder of its own, the program, a served page and its client.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod canary;
#[cfg(unix)]
pub mod device;
pub mod folder;
#[cfg(unix)]
pub mod http;
#[cfg(unix)]
pub mod page;
pub mod program;
pub mod runner;

/// A name that tries to colour a terminal, to turn the direction of writing, and to write a line of its own.
pub const HOSTILE_NAME: &str = "\u{1b}[32m\u{202e}\u{9b}2Jx\nno sign of pneumonia\r";
/// The same as it may be shown.
pub const SHOWN_NAME: &str = "\\u{1b}[32m\\u{202e}\\u{9b}2Jx\\nno sign of pneumonia\\r";

/// Text of the program is in lines that a terminal shows as they are.
pub fn assert_obeys_nothing(text: &str) {
    let hostile = |c: &char| (c.is_control() && *c != '\n') || "\u{202e}\u{2028}".contains(*c);
    assert_eq!(text.chars().find(hostile), None, "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("no sign of pneumonia")), "{text}");
}

#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub use xray_testkit::{images::*, model::*, onnx::*};
