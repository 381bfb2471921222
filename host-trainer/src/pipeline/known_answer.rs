//! The answer by which a device checks its engine before it trusts it.

use anyhow::ensure;
use xray_core::engine::{EngineChoice, load};
use xray_core::package::{KnownAnswer, PackageFile};
use xray_core::preprocess::InputTensor;

/// Runs the test pattern through the file with the engine that a device takes, and once with tract's own
/// operators to see that the two agree.
///
/// # Errors
/// If the file does not verify, an engine fails, or the two differ by more than
/// [`KnownAnswer::TOLERANCE`] allows.
pub(super) fn known_answer(file: &PackageFile) -> anyhow::Result<KnownAnswer> {
    let package = file.clone().verify()?;
    let pattern = InputTensor::test_pattern(package.contract().preprocessing.size);
    let output = load(&package, EngineChoice::Auto)?.engine.run(&pattern)?;
    let answer = KnownAnswer::of(output.probability().value(), output.features());
    let reference = load(&package, EngineChoice::Tract)?.engine.run(&pattern)?;
    let difference = answer.difference(reference.probability().value(), reference.features());
    ensure!(
        difference <= KnownAnswer::TOLERANCE,
        "{}: the engines disagree on the test pattern by {difference:.4}; report it with the model",
        file.path().display()
    );
    Ok(answer)
}
