//! Weights and other constants as nodes of a graph.

use xray_core::package::Precision;

use super::GraphError;
use super::graph::{Attribute, Graph, Value};
use super::int8_weights::{self, Int8Weights};
use crate::weights::Array;

/// `x · scale + shift` per channel of a `[1, channels, height, width]` value.
pub(crate) fn affine_nodes(graph: &mut Graph, x: &Value, name: &str, scale: &[f32], shift: &[f32]) -> Value {
    let shape = [1, scale.len(), 1, 1];
    let (scale, shift) = (
        graph.floats(&format!("{name}.scale"), &shape, scale),
        graph.floats(&format!("{name}.shift"), &shape, shift),
    );
    let scaled = graph.node("Mul", &format!("{name}.mul"), &[x, &scale], &[]);
    graph.node("Add", name, &[&scaled, &shift], &[])
}

/// A weight as a float constant, or as an int8 constant with its DequantizeLinear over the first axis.
pub(crate) fn weight_value(graph: &mut Graph, name: &str, weight: &Array, precision: Precision) -> Value {
    match precision {
        Precision::Float32 => graph.floats(name, &weight.shape, &weight.data),
        Precision::Int8Weights | Precision::Int8 => {
            int8_value(graph, name, &int8_weights::per_channel(weight))
        }
    }
}

/// An int8 constant with its DequantizeLinear over the first axis.
pub(crate) fn int8_value(graph: &mut Graph, name: &str, q: &Int8Weights) -> Value {
    let data = graph.bytes(&format!("{name}.int8"), &q.shape, &q.data);
    let scales = graph.floats(&format!("{name}.scale"), &[q.scales.len()], &q.scales);
    let zeros = graph.bytes(&format!("{name}.zero"), &[q.scales.len()], &vec![0; q.scales.len()]);
    graph.node("DequantizeLinear", name, &[&data, &scales, &zeros], &[("axis", Attribute::Int(0))])
}

/// That every number is finite.
pub(crate) fn finite<'a>(
    owner: &'static str,
    tensor: &str,
    values: impl IntoIterator<Item = &'a f32>,
) -> Result<(), GraphError> {
    if values.into_iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    Err(GraphError::NotFinite { owner, tensor: tensor.to_owned() })
}
