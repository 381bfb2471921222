//! A graph, its inputs, and the answers to them.

use tract_onnx::pb::ModelProto;
use xray_engine::Array;

/// One thing to compute.
pub struct Case {
    /// For messages, and by which a runner knows what it can compute.
    pub name: String,
    /// The graph.
    pub proto: ModelProto,
    /// Inputs with their answers.
    pub samples: Vec<Sample>,
    /// For each output of the graph, how near an answer must be.
    pub tolerances: Vec<Tolerance>,
}

/// One input and the answer to it.
pub struct Sample {
    /// The one input of the graph.
    pub input: Array,
    /// The outputs of the graph, in its order.
    pub answers: Vec<Array>,
}

/// How near an output must be to the recorded one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// Equal.
    Exact,
    /// No element differs by more.
    Within(f32),
    /// Integers: at most this share of the elements differs, and none by more than one step.
    OneStep {
        /// Share of the elements, 0..1.
        share: f64,
    },
    /// Measured, not checked.
    Reported,
}
