//! The device's program: screens chest X-rays with a model package that `host-trainer` exported.
//!
//! What a screening is lives in [`xray_core`]; here is what only a device has: lights and a buzzer
//! ([`outputs::lights`]). The binary is arguments and printing around [`cli`].

#[cfg(unix)]
pub mod button;
pub mod cli;
#[cfg(unix)]
pub mod config;
#[cfg(unix)]
pub mod counters;
#[cfg(unix)]
pub mod decoding;
pub mod model_store;
pub mod outputs;
#[cfg(unix)]
pub mod pipeline;
#[cfg(unix)]
pub mod record;
#[cfg(unix)]
pub mod sources;

/// Where records and images lie unless the configuration says otherwise.
pub const STORE: &str = "/var/lib/edge-runtime/store";
