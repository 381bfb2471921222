//! The device's program: screens chest X-rays with a model package that `host-trainer` exported.
//!
//! What a screening is lives in [`xray_core`]; here is what only a device has: lights and a buzzer
//! ([`outputs::lights`]). The binary is arguments and printing around [`cli`].

pub mod cli;
pub mod model_store;
pub mod outputs;
