//! A device checks its engine by the answer to the test pattern that is recorded in the model.

use super::{Engine, EngineError};
use crate::package::{KnownAnswer, VerifiedPackage};
use crate::preprocess::InputTensor;

/// Runs the test pattern and holds it against the answer in the package, where there is one.
///
/// # Errors
/// [`EngineError::KnownAnswer`] if they differ, or what the engine says where it fails.
pub fn self_test(package: &VerifiedPackage, engine: &dyn Engine) -> Result<(), EngineError> {
    let contract = package.contract();
    let Some(answer) = &contract.known_answer else { return Ok(()) };
    let output = engine.run(&InputTensor::test_pattern(contract.preprocessing.size))?;
    let difference = answer.difference(output.probability().value(), output.features());
    if difference <= KnownAnswer::TOLERANCE {
        return Ok(());
    }
    Err(EngineError::KnownAnswer {
        file: package.path().display().to_string(),
        engine: engine.name(),
        difference: format!("{difference:.4}"),
    })
}
