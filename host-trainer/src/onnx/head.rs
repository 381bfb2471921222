//! The head as ONNX nodes.

use xray_core::package::{PROBABILITY_NAME, Precision};

use super::GraphError;
use super::constants::{finite, weight_value};
use super::fold::{self, Affine};
use super::graph::{Attribute, Graph, Value};
use crate::head::{Dense, HeadWeights};

/// What the head's nodes give.
pub(crate) struct HeadNodes {
    /// The probability, `[1, 1]`.
    pub(crate) probability: Value,
    /// What each hidden layer gives behind its ReLU, `[1, units]`.
    pub(crate) hidden: [Value; 2],
    /// The weights of each layer with the BatchNorm before it folded in, `[outputs, inputs]`.
    pub(crate) weights: [Value; 3],
}

/// From the joined features `[1, N]` to the probability. Must be called with the graph's own scope
/// free, since the probability bears the name of the output.
pub(crate) fn write(
    graph: &mut Graph,
    features: &Value,
    head: &HeadWeights,
    precision: Precision,
) -> Result<HeadNodes, GraphError> {
    let dense1 = fold::before(&Affine::new(&head.norm1), &head.dense1);
    let dense2 = fold::before(&Affine::new(&head.norm2), &head.dense2);
    let (sum, first) = linear(graph, features, "head/dense1", &dense1, precision)?;
    let hidden1 = graph.node("Relu", "head/relu1", &[&sum], &[]);
    let (sum, second) = linear(graph, &hidden1, "head/dense2", &dense2, precision)?;
    let hidden2 = graph.node("Relu", "head/relu2", &[&sum], &[]);
    let (logit, last) = linear(graph, &hidden2, "head/dense3", &head.dense3, precision)?;
    let probability = graph.node("Sigmoid", PROBABILITY_NAME, &[&logit], &[]);
    Ok(HeadNodes { probability, hidden: [hidden1, hidden2], weights: [first, second, last] })
}

/// What a layer gives, and its weights.
fn linear(
    graph: &mut Graph,
    x: &Value,
    name: &str,
    dense: &Dense,
    precision: Precision,
) -> Result<(Value, Value), GraphError> {
    finite("head", name, dense.weight.data.iter().chain(&dense.bias))?;
    let weight = weight_value(graph, &format!("{name}.weight"), &dense.weight, precision);
    let bias = graph.floats(&format!("{name}.bias"), &[dense.outputs()], &dense.bias);
    let sum = graph.node("Gemm", name, &[x, &weight, &bias], &[("transB", Attribute::Int(1))]);
    Ok((sum, weight))
}
