//! Grad-CAM of the whole stack as ONNX nodes; the formula is at [`xray_core::heat_map`].
//!
//! Behind the pooled features there are only the head's few layers, so that the gradient is written out: the weights
//! from the last layer to the first, each time masked where a ReLU let nothing through. The weights are those that the
//! head itself reads, and are in the file once.

use xray_core::package::HEAT_MAP_NAME;

use super::graph::{Attribute, Graph, Value};
use super::head::HeadNodes;

/// The maps whose means are joined as `features`, in that order; none if the graph does not make them so.
pub(crate) fn last_maps(graph: &Graph, features: &Value) -> Option<Vec<Value>> {
    let source = |value: &str, op: &str| {
        let node = graph.maker(value).filter(|node| node.op_type == op)?;
        node.input.first().cloned()
    };
    let joined = graph.maker(features.name()).filter(|node| node.op_type == "Concat")?;
    let map = |pooled: &String| source(&source(pooled, "Flatten")?, "GlobalAveragePool");
    joined.input.iter().map(|pooled| Some(graph.known(&map(pooled)?))).collect()
}

/// The heat of every cell of `maps`, each `[1, channels, side, side]`, as `[1, 1, side, side]`. Must be called with the
/// graph's own scope free, since it bears the name of the output.
pub(crate) fn write(graph: &mut Graph, head: &HeadNodes, maps: &[Value], side: usize) -> Value {
    let [first, second, last] = &head.weights;
    let [hidden1, hidden2] = &head.hidden;
    // ReLU's derivative: the sign of what it gave is 1 where something came through, else 0.
    let open = graph.node("Sign", "heat/open2", &[hidden2], &[]);
    let slope = graph.node("Mul", "heat/slope2", &[last, &open], &[]);
    let slope = graph.node("MatMul", "heat/back2", &[&slope, second], &[]);
    let open = graph.node("Sign", "heat/open1", &[hidden1], &[]);
    let slope = graph.node("Mul", "heat/slope1", &[&slope, &open], &[]);
    let slope = graph.node("MatMul", "heat/back1", &[&slope, first], &[]);

    let maps: Vec<&Value> = maps.iter().collect();
    let maps = graph.node("Concat", "heat/maps", &maps, &[("axis", Attribute::Int(1))]);
    let cells = graph.node("Flatten", "heat/cells", &[&maps], &[("axis", Attribute::Int(2))]);
    let sum = graph.node("MatMul", "heat/sum", &[&slope, &cells], &[]);
    let share = graph.floats("heat/share", &[], &[1.0 / (side * side) as f32]);
    let heat = graph.node("Mul", "heat/signed", &[&sum, &share], &[]);
    let heat = graph.node("Relu", "heat/positive", &[&heat], &[]);
    let shape = graph.longs("heat/shape", &[1, 1, side as i64, side as i64]);
    graph.node("Reshape", HEAT_MAP_NAME, &[&heat, &shape], &[])
}
