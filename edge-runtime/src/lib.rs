//! The board's program: screens chest X-rays with a model package that `host-trainer` exported.
//!
//! Screening itself is in [`xray_core`]. Here is what only a board has: inputs, records, installed models, lights,
//! a button and a web page. `main` parses the command line in [`cli`]; [`commands`] do the work.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "no other crate builds on this library: it is the program and its tests")]

pub mod cli;
pub mod commands;
#[cfg(unix)]
pub mod config;
#[cfg(unix)]
pub mod daemon;
pub mod decoding;
pub mod gpio;
#[cfg(unix)]
pub mod inputs;
pub mod models;
#[cfg(target_os = "linux")]
pub mod privileges;
#[cfg(unix)]
pub mod records;
pub mod status;
mod toml_text;
pub mod ui;

/// Folder of records and images unless the configuration names another.
pub const STORE: &str = "/var/lib/edge-runtime/store";
