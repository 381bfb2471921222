//! The module's old place, for crates that still name it by its path.
#![allow(unused_imports, reason = "each test takes what it needs")]

pub use xray_testkit::images::*;
pub use xray_testkit::model::*;
pub use xray_testkit::onnx::*;
