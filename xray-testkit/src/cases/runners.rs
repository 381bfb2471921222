//! The ways to compute an ONNX graph on this machine.

use std::num::NonZeroUsize;

use tract_onnx::prelude::*;
use xray_engine::{Array, FusedOptions, FusedRunner, GraphError, Runner, TractRunner, kernel_names};

use super::Case;

/// A way to compute cases.
pub trait CaseRunner {
    /// For messages.
    fn name(&self) -> String;

    /// Whether it can compute this case.
    fn claims(&self, case: &Case) -> bool;

    /// The outputs for each sample.
    ///
    /// # Errors
    /// If it fails, in words.
    fn run(&self, case: &Case) -> Result<Vec<Vec<Array>>, String>;
}

/// Every way to compute an ONNX graph: tract as the file is read and optimised, and each kernel on one and three
/// threads. Three do not divide blocks evenly, and where there are fewer blocks some threads are idle.
pub fn graph_runners() -> Vec<Box<dyn CaseRunner>> {
    let mut runners: Vec<Box<dyn CaseRunner>> =
        vec![Box::new(TractGraph { optimised: false }), Box::new(TractGraph { optimised: true })];
    for kernel in kernel_names() {
        for threads in [NonZeroUsize::MIN, NonZeroUsize::MIN.saturating_add(2)] {
            runners.push(Box::new(FusedGraph { kernel, threads }));
        }
    }
    runners
}

/// tract's own operators.
pub struct TractGraph {
    /// As a device runs it, or as it is read.
    pub optimised: bool,
}

impl CaseRunner for TractGraph {
    fn name(&self) -> String {
        if self.optimised { "tract" } else { "tract, not optimised" }.to_owned()
    }

    fn claims(&self, _case: &Case) -> bool {
        true
    }

    fn run(&self, case: &Case) -> Result<Vec<Vec<Array>>, String> {
        if self.optimised {
            return run_all(case, TractRunner::load(&case.proto));
        }
        case.samples.iter().map(|sample| plain(case, &sample.input)).collect()
    }
}

/// Fused integer operators.
pub struct FusedGraph {
    /// One of [`kernel_names`].
    pub kernel: &'static str,
    /// For one image.
    pub threads: NonZeroUsize,
}

impl CaseRunner for FusedGraph {
    fn name(&self) -> String {
        format!("fused operators, kernel {}, {} thread(s)", self.kernel, self.threads)
    }

    fn claims(&self, _case: &Case) -> bool {
        true
    }

    fn run(&self, case: &Case) -> Result<Vec<Vec<Array>>, String> {
        let options = FusedOptions { threads: self.threads, kernel: Some(self.kernel.to_owned()) };
        let runner = FusedRunner::load(&case.proto, &options).map_err(|error| error.to_string())?;
        if runner.report().kernel != self.kernel {
            return Err(format!("kernel {} runs instead", runner.report().kernel));
        }
        run_all(case, Ok(runner))
    }
}

fn run_all(case: &Case, runner: Result<impl Runner, GraphError>) -> Result<Vec<Vec<Array>>, String> {
    let runner = runner.map_err(|error| error.to_string())?;
    let run = |input: &Array| runner.run(&input.shape, &input.values).map_err(|error| error.to_string());
    case.samples.iter().map(|sample| run(&sample.input)).collect()
}

/// tract without its optimisations.
fn plain(case: &Case, input: &Array) -> Result<Vec<Array>, String> {
    let run = || -> TractResult<Vec<Array>> {
        let model = tract_onnx::onnx().model_for_proto_model(&case.proto)?.into_typed()?;
        let taken = model.input_fact(0)?.datum_type;
        let tensor = Tensor::from_shape(&input.shape, &input.values)?.cast_to_dt(taken)?.into_owned();
        let outputs = model.into_runnable()?.run(tvec!(tensor.into_tvalue()))?;
        let array = |output: &TValue| -> TractResult<Array> {
            let values = output.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
            Ok(Array { shape: output.shape().to_vec(), values })
        };
        outputs.iter().map(array).collect()
    };
    run().map_err(|error| format!("{error:#}"))
}
