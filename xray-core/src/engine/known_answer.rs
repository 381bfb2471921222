//! Recording the answer to the test pattern when a model is made.

use super::{Engine, EngineChoice, EngineError, TractEngine, load};
use crate::package::{KnownAnswer, VerifiedPackage};
use crate::preprocess::InputTensor;

/// The answer to the test pattern by which a device checks its engine: from the engine that a device takes, held
/// against tract's own operators.
///
/// # Errors
/// What an engine says where it fails; [`EngineError::Disagree`] if the two are further apart than
/// [`KnownAnswer::TOLERANCE`].
pub fn known_answer(package: &VerifiedPackage) -> Result<KnownAnswer, EngineError> {
    let pattern = InputTensor::test_pattern(package.contract().preprocessing.size);
    let output = load(package, EngineChoice::Auto)?.engine.run(&pattern)?;
    let answer = KnownAnswer::of(output.probability().value(), output.features());
    let reference = TractEngine::load(package)?.run(&pattern)?;
    let difference = answer.difference(reference.probability().value(), reference.features());
    if difference <= KnownAnswer::TOLERANCE {
        return Ok(answer);
    }
    Err(EngineError::Disagree {
        file: package.path().display().to_string(),
        difference: format!("{difference:.4}"),
    })
}
