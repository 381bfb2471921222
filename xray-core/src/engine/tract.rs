//! The engine with tract's own operators.

use xray_engine::TractRunner;

use super::{Engine, EngineError, Output};
use crate::package::VerifiedPackage;
use crate::preprocess::InputTensor;

/// A loaded model, run from any thread.
#[derive(Debug)]
pub struct TractEngine {
    runner: TractRunner,
    size: usize,
}

impl TractEngine {
    /// Loads a verified package.
    ///
    /// # Errors
    /// [`EngineError::Load`] if tract refuses the graph.
    pub fn load(package: &VerifiedPackage) -> Result<Self, EngineError> {
        let size = package.contract().preprocessing.size;
        let runner = TractRunner::load(package.proto()).map_err(|error| EngineError::of(package, error))?;
        Ok(TractEngine { runner, size })
    }
}

impl Engine for TractEngine {
    fn run(&self, input: &InputTensor) -> Result<Output, EngineError> {
        Output::of(&self.runner, self.size, input)
    }

    fn name(&self) -> &'static str {
        "tract"
    }
}
