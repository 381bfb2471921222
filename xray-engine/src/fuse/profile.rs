//! Where the time of the fused operators goes.

use std::time::Duration;

use tract_core::internal::*;

use super::program::Workspace;
use super::program_op::ProgramOp;

/// One fused operator and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTime {
    /// What it is, in words.
    pub name: &'static str,
    /// Channels, rows and columns of its output.
    pub shape: (usize, usize, usize),
    /// Multiplications per image.
    pub macs: u64,
    /// The shortest of the runs.
    pub best: Duration,
}

/// Runs the fused operators of `model` alone `runs` times, on whatever is in their memory, in order of execution.
pub fn profile(model: &TypedModel, runs: usize) -> Vec<StepTime> {
    let mut times = Vec::new();
    for op in model.nodes.iter().filter_map(|node| node.op_as::<ProgramOp>()) {
        let program = op.program();
        let mut work = Workspace::new(program);
        let mut best = vec![Duration::MAX; program.steps.len()];
        for _ in 0..runs.max(1) {
            let mut clock = Vec::with_capacity(best.len());
            program.run(&mut work, Some(&mut clock));
            for (best, time) in best.iter_mut().zip(clock) {
                *best = time.min(*best);
            }
        }
        for (step, best) in program.steps.iter().zip(best) {
            times.push(StepTime { name: step.name, shape: step.shape, macs: step.macs, best });
        }
    }
    times
}
