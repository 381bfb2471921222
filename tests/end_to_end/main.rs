//! Fit, export, evaluate and screen, each with the code that the programs run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod base_model;
mod device;
mod fit_checks;
mod int8;
mod run_folder;
mod screening;
mod training;

use std::path::Path;
use std::sync::OnceLock;

use xray_edge_tests::SharedFit;

/// One fitted run for all tests of this binary; no test changes it.
fn shared() -> &'static SharedFit {
    static SHARED: OnceLock<SharedFit> = OnceLock::new();
    SHARED.get_or_init(|| SharedFit::make(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("the shared fit"))
}
