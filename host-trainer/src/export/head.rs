//! The head as ONNX nodes.

use xray_core::package::{PROBABILITY_NAME, Precision};

use super::ExportError;
use super::fold::{self, Affine};
use super::graph::{Attribute, Graph, Value};
use super::layers::{finite, weight_value};
use crate::head::{Dense, HeadWeights};

/// From the joined features `[1, N]` to the probability `[1, 1]`. Must be called with the graph's own scope
/// free, since the probability bears the name of the output.
pub(crate) fn write(
    graph: &mut Graph,
    features: &Value,
    head: &HeadWeights,
    precision: Precision,
) -> Result<Value, ExportError> {
    let dense1 = fold::before(&Affine::new(&head.norm1), &head.dense1);
    let dense2 = fold::before(&Affine::new(&head.norm2), &head.dense2);
    let hidden = linear(graph, features, "head/dense1", &dense1, precision)?;
    let hidden = graph.node("Relu", "head/relu1", &[&hidden], &[]);
    let hidden = linear(graph, &hidden, "head/dense2", &dense2, precision)?;
    let hidden = graph.node("Relu", "head/relu2", &[&hidden], &[]);
    let logit = linear(graph, &hidden, "head/dense3", &head.dense3, precision)?;
    Ok(graph.node("Sigmoid", PROBABILITY_NAME, &[&logit], &[]))
}

fn linear(
    graph: &mut Graph,
    x: &Value,
    name: &str,
    dense: &Dense,
    precision: Precision,
) -> Result<Value, ExportError> {
    finite("head", name, dense.weight.data.iter().chain(&dense.bias))?;
    let weight = weight_value(graph, &format!("{name}.weight"), &dense.weight, precision);
    let bias = graph.floats(&format!("{name}.bias"), &[dense.outputs()], &dense.bias);
    Ok(graph.node("Gemm", name, &[x, &weight, &bias], &[("transB", Attribute::Int(1))]))
}
