//! The engine on fused integer operators; what they do not cover runs on tract.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tract_onnx::prelude::*;

use super::fuse::{self, FusionReport, StepTime};
use super::threads::Threads;
use super::{Engine, EngineError, Output, tract};
use crate::package::VerifiedPackage;
use crate::preprocess::InputTensor;

/// A loaded model: typed, fused, simplified and planned once, then run from any thread.
#[derive(Debug)]
pub struct FusedEngine {
    plan: Arc<TypedRunnableModel>,
    size: usize,
    report: FusionReport,
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
        let threads = Arc::new(Threads::new(threads)?);
        let (plan, report) = plan(package, &threads).map_err(|error| EngineError::Load {
            file: package.path().display().to_string(),
            reason: format!("{error:#}"),
        })?;
        Ok(FusedEngine { plan, size, report })
    }

    /// What was fused, what was not and why.
    pub fn report(&self) -> &FusionReport {
        &self.report
    }

    /// The shortest time of each fused operator over `runs` runs, in order of execution.
    pub fn profile(&self, runs: usize) -> Vec<StepTime> {
        fuse::profile(self.plan.model(), runs)
    }
}

fn plan(
    package: &VerifiedPackage,
    threads: &Arc<Threads>,
) -> TractResult<(Arc<TypedRunnableModel>, FusionReport)> {
    let (model, mut report) = fuse::load(package.proto(), threads)?;
    let model = model.into_optimized()?;
    report.count_rest(&model);
    Ok((model.into_runnable()?, report))
}

impl Engine for FusedEngine {
    fn run(&self, input: &InputTensor) -> Result<Output, EngineError> {
        if input.size() != self.size {
            return Err(EngineError::InputSize { expected: self.size, found: input.size() });
        }
        tract::run(&self.plan, input)
    }

    fn name(&self) -> &'static str {
        "fused"
    }
}
