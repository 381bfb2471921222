//! What the tests share: a small model, a device in a folder of its own, the program, a served page and its client.

#![allow(dead_code, reason = "each test binary uses a part of it")]

#[cfg(unix)]
pub mod device;
pub mod folder;
#[cfg(unix)]
pub mod http;
pub mod known_answer;
#[cfg(unix)]
pub mod page;
pub mod program;
pub mod runner;
#[path = "../../../xray-core/tests/support/mod.rs"]
pub mod test_model;

#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub use test_model::*;
