//! Runs a graph on fused integer operators; what they do not cover runs on tract's.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use super::fuse::{self, FusionReport, StepTime};
use super::runner::Plan;
use super::threads::Threads;
use super::{Array, GraphError, Runner};

/// How the fused operators run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FusedOptions {
    /// Threads for one run.
    pub threads: NonZeroUsize,
    /// One of [`kernel_names`]; `None` takes the fastest. One that fails its check on this machine is not used, see
    /// [`FusionReport::rejected_kernels`].
    pub kernel: Option<String>,
}

impl Default for FusedOptions {
    /// One thread, the fastest kernel.
    fn default() -> Self {
        FusedOptions { threads: NonZeroUsize::MIN, kernel: None }
    }
}

/// Names of the kernels that this machine can run, the fastest first; the last is the portable one.
pub fn kernel_names() -> Vec<&'static str> {
    xray_kernels::available().into_iter().map(xray_kernels::Kernel::name).collect()
}

/// Runs a graph on fused integer operators: typed, fused, simplified and planned once.
#[derive(Debug)]
pub struct FusedRunner {
    plan: Plan,
    report: FusionReport,
}

impl FusedRunner {
    /// Loads the graph of a model. A graph without 8-bit activations loads too, with nothing fused (see
    /// [`FusedRunner::report`]).
    ///
    /// # Errors
    /// [`GraphError::Load`] if tract refuses the graph or a recognised part of it cannot be planned; it may still run on
    /// [`super::TractRunner`]. [`GraphError::Threads`] if there are not as many.
    pub fn load(proto: &ModelProto, options: &FusedOptions) -> Result<Self, GraphError> {
        let threads = Arc::new(Threads::new(options.threads)?);
        let load = || -> TractResult<(TypedModel, FusionReport)> {
            let (model, mut report) = fuse::load(proto, options.kernel.as_deref(), &threads)?;
            let model = model.into_optimized()?;
            report.count_rest(&model);
            Ok((model, report))
        };
        let (model, report) = load().map_err(GraphError::load)?;
        Ok(FusedRunner { plan: Plan::new(model)?, report })
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

impl Runner for FusedRunner {
    fn run(&self, shape: &[usize], values: &[f32]) -> Result<Vec<Array>, GraphError> {
        self.plan.run(shape, values)
    }
}
