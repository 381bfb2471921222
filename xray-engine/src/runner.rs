//! A loaded graph that can be run.

use std::sync::Arc;

use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use super::{Array, GraphError};

/// Something that runs one graph, from any thread.
pub trait Runner: Send + Sync {
    /// Runs the graph on its one input; gives its outputs in the order of the graph. Integers are converted on both
    /// sides.
    ///
    /// # Errors
    /// [`GraphError::Run`] if `shape` is not what the graph takes, does not fit the number of `values`, or an operator
    /// fails.
    fn run(&self, shape: &[usize], values: &[f32]) -> Result<Vec<Array>, GraphError>;
}

/// Runs a graph with tract's own operators: typed, simplified and planned once.
#[derive(Debug)]
pub struct TractRunner {
    plan: Plan,
}

impl TractRunner {
    /// Loads the graph of a model.
    ///
    /// # Errors
    /// [`GraphError::Load`] if tract refuses the graph.
    pub fn load(proto: &ModelProto) -> Result<Self, GraphError> {
        let model = || tract_onnx::onnx().model_for_proto_model(proto)?.into_optimized();
        Ok(TractRunner { plan: Plan::new(model().map_err(GraphError::load)?)? })
    }
}

impl Runner for TractRunner {
    fn run(&self, shape: &[usize], values: &[f32]) -> Result<Vec<Array>, GraphError> {
        self.plan.run(shape, values)
    }
}

/// An optimised graph that is ready to run.
#[derive(Debug)]
pub(crate) struct Plan {
    runnable: Arc<TypedRunnableModel>,
    input: DatumType,
}

impl Plan {
    /// Plans a graph with one input.
    pub fn new(model: TypedModel) -> Result<Self, GraphError> {
        let input = model.input_fact(0).map_err(GraphError::load)?.datum_type;
        Ok(Plan { runnable: model.into_runnable().map_err(GraphError::load)?, input })
    }

    /// The graph.
    pub fn model(&self) -> &TypedModel {
        self.runnable.model()
    }

    /// As [`Runner::run`].
    pub fn run(&self, shape: &[usize], values: &[f32]) -> Result<Vec<Array>, GraphError> {
        self.outputs(shape, values).map_err(|error| GraphError::Run { reason: format!("{error:#}") })
    }

    fn outputs(&self, shape: &[usize], values: &[f32]) -> TractResult<Vec<Array>> {
        let mut input = Tensor::from_shape(shape, values)?;
        if self.input != f32::datum_type() {
            input = input.cast_to_dt(self.input)?.into_owned();
        }
        let outputs = self.runnable.run(tvec!(input.into_tvalue()))?;
        outputs.iter().map(|output| Array::from_tensor(output)).collect()
    }
}

impl GraphError {
    pub(crate) fn load(error: TractError) -> Self {
        GraphError::Load { reason: format!("{error:#}") }
    }
}
