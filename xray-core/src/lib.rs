//! What a screening is, shared by the trainer and the device so that they cannot differ.
//!
//! Each step makes the type that the next one takes:
//!
//! ```text
//! file ─xray_intake::read_file→ Radiograph ─preprocess::prepare→ InputTensor ─Engine::run→ Output
//!      ─QualityGate::admit→ Admitted ─DecisionRule::decide→ CalibratedProbability → Verdict
//! ```
//!
//! A model has steps of its own:
//!
//! ```text
//! file ─PackageFile::read→ PackageFile ─verify→ VerifiedPackage ─engine::load→ Engine
//! ```
//!
//! No step can be left out: a [`decision::Verdict`] is made from a [`quality_gate::Admitted`] only, that by a
//! [`quality_gate::QualityGate`] from an [`engine::Output`] only, an [`engine::Output`] by an [`engine::Engine`] only, and an
//! engine from a [`package::VerifiedPackage`] only. [`screening::Screener`] runs an image through all of them:
//!
//! ```
//! use std::path::Path;
//!
//! use xray_core::decision::Finding;
//! use xray_core::engine::EngineChoice;
//! use xray_core::package::PackageFile;
//! use xray_core::screening::Screener;
//! use xray_testkit::{images, model};
//!
//! let bytes = model::model_bytes(|_| ());
//! let package = PackageFile::from_bytes(Path::new("model.onnx"), bytes).verify()?;
//! let screener = Screener::new(package, EngineChoice::Auto)?;
//!
//! let image = screener.decode(&images::blocks_pgm(images::BRIGHT))?;
//! let result = screener.screen_image(&image)?;
//! assert_eq!(result.verdict.finding(), Finding::Suspected);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This is a screening aid, not a diagnosis.

#![forbid(unsafe_code)]

pub mod decision;
pub mod engine;
pub mod files;
pub mod heat_map;
pub mod package;
pub mod preprocess;
pub mod quality_gate;
pub mod screening;

/// Lower-case hexadecimal digits of `bytes`, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// SHA-256 of `bytes` in lower-case hexadecimal, 64 digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex(&Sha256::digest(bytes))
}
