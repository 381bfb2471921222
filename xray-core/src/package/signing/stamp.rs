//! What a device demands of a model that is to be signed: a version, and an answer to check itself by.

use prost::Message;

use super::SigningError;
use crate::engine::known_answer;
use crate::package::{CONTRACT_KEY, PackageError, PackageFile, PackageProblem, VerifiedPackage};

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
    let stamped = PackageFile::from_bytes(file.path(), with_contract(&package, &contract)?);
    stamped.clone().verify()?;
    Ok(stamped)
}

fn with_contract(
    package: &VerifiedPackage,
    contract: &crate::package::Contract,
) -> Result<Vec<u8>, PackageError> {
    let fail = |error: serde_json::Error| PackageError {
        file: package.path().to_owned(),
        problem: PackageProblem::BadContract { reason: error.to_string() },
    };
    let text = serde_json::to_string(contract).map_err(fail)?;
    let mut proto = package.proto().clone();
    for entry in proto.metadata_props.iter_mut().filter(|entry| entry.key == CONTRACT_KEY) {
        entry.value.clone_from(&text);
    }
    Ok(proto.encode_to_vec())
}
