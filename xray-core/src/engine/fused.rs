//! The engine on fused integer operators; what they do not cover runs on tract.

use std::num::NonZeroUsize;

use xray_engine::{FusedOptions, FusedRunner, FusionReport, StepTime};

use super::{Engine, EngineError, Output};
use crate::package::VerifiedPackage;
use crate::preprocess::InputTensor;

/// A loaded model, run from any thread.
#[derive(Debug)]
pub struct FusedEngine {
    runner: FusedRunner,
    size: usize,
}

impl FusedEngine {
    /// Loads a verified package, with the fastest kernel that passes its check. One image is computed on `threads`
    /// threads. A graph without 8-bit activations loads too, with nothing fused (see [`FusedEngine::report`]).
    ///
    /// # Errors
    /// [`EngineError::Load`] if tract refuses the graph or a recognised part of it cannot be planned; the model
    /// may still run on [`super::TractEngine`].
    /// [`EngineError::Threads`] if there are not as many.
    pub fn load(package: &VerifiedPackage, threads: NonZeroUsize) -> Result<Self, EngineError> {
        let size = package.contract().preprocessing.size;
        let options = FusedOptions { threads, ..FusedOptions::default() };
        let runner =
            FusedRunner::load(package.proto(), &options).map_err(|error| EngineError::of(package, error))?;
        Ok(FusedEngine { runner, size })
    }

    /// What was fused, what was not and why.
    pub fn report(&self) -> &FusionReport {
        self.runner.report()
    }

    /// The shortest time of each fused operator over `runs` runs, in order of execution.
    pub fn profile(&self, runs: usize) -> Vec<StepTime> {
        self.runner.profile(runs)
    }
}

impl Engine for FusedEngine {
    fn run(&self, input: &InputTensor) -> Result<Output, EngineError> {
        Output::of(&self.runner, self.size, input)
    }

    fn name(&self) -> &'static str {
        "fused"
    }
}
