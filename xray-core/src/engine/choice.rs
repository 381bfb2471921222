//! Which engine runs a model.

use std::num::NonZeroUsize;
use std::str::FromStr;

use super::{Engine, EngineError, FusedEngine, TractEngine, self_test};
use crate::package::{Precision, VerifiedPackage};

/// The engines that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// [`FusedEngine`] for a model with 8-bit activations, else [`TractEngine`], which is as fast there.
    #[default]
    Auto,
    /// Fused integer operators, whatever the self-test says.
    Fused,
    /// tract's own operators.
    Tract,
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(EngineChoice::Auto),
            "fused" => Ok(EngineChoice::Fused),
            "tract" => Ok(EngineChoice::Tract),
            _ => Err(format!("there is no engine `{text}`; there are auto, fused and tract")),
        }
    }
}

/// What runs a model, and on how many cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// Which engine.
    pub choice: EngineChoice,
    /// Threads for one image. Many images at a time on one thread each are faster than each on many.
    pub threads: NonZeroUsize,
}

impl Default for EngineOptions {
    /// [`EngineChoice::Auto`] on one thread.
    fn default() -> Self {
        EngineChoice::Auto.into()
    }
}

impl From<EngineChoice> for EngineOptions {
    /// One thread.
    fn from(choice: EngineChoice) -> Self {
        EngineOptions { choice, threads: NonZeroUsize::MIN }
    }
}

/// An engine that is ready, and what people must know about it.
pub struct LoadedEngine {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Why it is not the one that it should be; to be shown to people.
    pub warnings: Vec<String>,
}

/// Loads a package into an engine.
///
/// # Errors
/// [`EngineError::Load`] if the engine that was asked for refuses the graph; with [`EngineChoice::Auto`], if
/// tract does. [`EngineError::Threads`] if there are not as many.
pub fn load(
    package: &VerifiedPackage,
    options: impl Into<EngineOptions>,
) -> Result<LoadedEngine, EngineError> {
    let options = options.into();
    let integer = package.contract().precision == Precision::Int8;
    match options.choice {
        EngineChoice::Tract => tract(package, options, Vec::new()),
        EngineChoice::Fused => fused(package, options),
        EngineChoice::Auto if !integer => tract(package, options, Vec::new()),
        EngineChoice::Auto => fused(package, options)
            .and_then(|loaded| self_test(package, loaded.engine.as_ref()).map(|()| loaded))
            .or_else(|error| {
                let warning = format!("the fused engine is not used, tract's slower operators are: {error}");
                tract(package, options, vec![warning])
            }),
    }
}

fn tract(
    package: &VerifiedPackage,
    options: EngineOptions,
    mut warnings: Vec<String>,
) -> Result<LoadedEngine, EngineError> {
    if options.threads > NonZeroUsize::MIN {
        warnings.push(format!("tract's operators run on one thread, not on {}", options.threads));
    }
    Ok(LoadedEngine { engine: Box::new(TractEngine::load(package)?), warnings })
}

fn fused(package: &VerifiedPackage, options: EngineOptions) -> Result<LoadedEngine, EngineError> {
    let engine = FusedEngine::load(package, options.threads)?;
    let report = engine.report();
    let mut warnings = report.rejected_kernels.clone();
    if !report.any() {
        warnings.push("nothing in this model could be fused; tract's own operators run".to_owned());
    }
    Ok(LoadedEngine { engine: Box::new(engine), warnings })
}
