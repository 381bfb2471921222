//! What a board demands of a signed model: a version, and a known answer for its self-test.

use xray_core::engine::known_answer;
use xray_core::package::PackageFile;

use super::SigningError;

/// Puts `version` into the contract, and the known answer where it is missing. Without either to do, the bytes stay
/// as they are; else the metadata change, and with them the file's hash, but no tensor.
///
/// # Errors
/// [`SigningError::Package`] if the file does not verify; [`SigningError::Engine`] if the model does not run.
pub fn stamp(file: PackageFile, version: Option<u64>) -> Result<PackageFile, SigningError> {
    let package = file.clone().verify()?;
    let contract = package.contract();
    let same_version = version.is_none_or(|version| version == contract.version);
    if same_version && contract.known_answer.is_some() {
        return Ok(file);
    }
    let mut contract = contract.clone();
    contract.version = version.unwrap_or(contract.version);
    if contract.known_answer.is_none() {
        contract.known_answer = Some(known_answer(&package)?);
    }
    let stamped = package.with_contract(&contract)?;
    stamped.clone().verify()?;
    Ok(stamped)
}
