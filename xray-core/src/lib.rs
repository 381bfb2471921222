//! What a screening *is*, shared by the trainer and the device so that they cannot differ.
//!
//! One X-ray takes one way, and each step makes the type that the next one asks for:
//!
//! ```text
//! file ─intake::read_file→ Radiograph ─preprocess::prepare→ InputTensor ─Engine::run→ Output
//!      ─QualityGate::admit→ Admitted ─DecisionRule::decide→ CalibratedProbability → Verdict
//! ```
//!
//! and a model takes another:
//!
//! ```text
//! file ─PackageFile::read→ PackageFile ─verify→ VerifiedPackage ─TractEngine::load→ Engine
//! ```
//!
//! What is on the left cannot be skipped: a [`decision::Verdict`] is made from a [`quality_gate::Admitted`] only, that
//! by a gate from an [`engine::Output`] only, an [`engine::Output`] by an engine only, and an engine from a [`package::VerifiedPackage`] only.
//! [`screening::Screener`] walks an image through all of it.
//!
//! This is a screening aid, not a diagnosis.

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
