//! Loading a signed model and testing it on its known answer.

use xray_core::engine::EngineOptions;
use xray_core::package::SignedBytes;
use xray_core::screening::Screener;

use super::ModelRefusal;

/// A model was loaded here and gave the right answer to the test pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTestReport {
    /// Version in its contract.
    pub version: u64,
    /// Name of the engine that ran it.
    pub engine: &'static str,
    /// Warnings about that engine.
    pub warnings: Vec<String>,
}

/// Parses a signed model, loads it as a screening would, and compares its answer to the test pattern with the one in
/// its contract.
///
/// # Errors
/// [`ModelRefusal`] says which of these failed.
pub fn self_test(signed: SignedBytes, options: EngineOptions) -> Result<SelfTestReport, ModelRefusal> {
    let screener = load_checked(signed, options)?;
    Ok(SelfTestReport {
        version: screener.contract().version,
        engine: screener.engine_name(),
        warnings: screener.warnings().to_vec(),
    })
}

/// As [`self_test`]; gives the screener.
///
/// # Errors
/// As [`self_test`].
pub fn load_checked(signed: SignedBytes, options: EngineOptions) -> Result<Screener, ModelRefusal> {
    let package = signed.parse()?.into_package();
    if package.contract().known_answer.is_none() {
        return Err(ModelRefusal::NoKnownAnswer { sha256: package.sha256().to_owned() });
    }
    let screener = Screener::new(package, options)?;
    screener.self_test()?;
    Ok(screener)
}
