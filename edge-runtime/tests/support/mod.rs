//! What the tests share: a small model, a device in a folder of its own, the program, a served page and its client.

#![allow(dead_code, reason = "each test binary uses a part of it")]

#[cfg(unix)]
pub mod device;
pub mod folder;
#[cfg(unix)]
pub mod http;
#[cfg(unix)]
pub mod page;
pub mod program;
pub mod runner;

#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub use xray_testkit::{images::*, model::*, onnx::*};
