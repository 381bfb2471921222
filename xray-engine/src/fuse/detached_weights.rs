//! Keeps int8 weights out of tract's way while a graph is typed.
//!
//! tract folds the DequantizeLinear of weights into float constants, element by element, which for 15 million
//! weights costs about a second and 60 MB at start-up, only for the recogniser to turn them into int8 again. Here
//! such weights leave the protobuf first: each becomes an input of the graph, is found again by its name, and what
//! no fused operator took is put back as a constant.

use std::collections::HashMap;

use tract_core::internal::*;
use tract_core::ops::konst::Const;
use tract_core::ops::source::TypedSource;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

use super::constant::Weights;

/// Weights by the name of the tensor that DequantizeLinear would have made of them.
#[derive(Debug, Default)]
pub(crate) struct DetachedWeights {
    weights: HashMap<String, Weights>,
}

impl DetachedWeights {
    /// Takes the int8 weights of convolutions out of `proto`: [outputs, inputs, rows, columns], symmetric, from
    /// -127 to 127, one scale per output channel. Others stay.
    pub fn detach(proto: &mut ModelProto) -> DetachedWeights {
        let mut detached = DetachedWeights::default();
        let Some(graph) = proto.graph.as_mut() else { return detached };
        let initializers: HashMap<String, TensorProto> =
            graph.initializer.drain(..).map(|t| (t.name.clone(), t)).collect();
        for node in &graph.node {
            if let Some(weights) = only_convolutions(graph, node).and_then(|()| read(node, &initializers)) {
                detached.weights.insert(node.output[0].clone(), weights);
            }
        }
        let taken = |node: &NodeProto| node.output.first().is_some_and(|o| detached.weights.contains_key(o));
        graph.node.retain(|node| !taken(node));
        let mut wanted: std::collections::HashSet<&String> =
            graph.node.iter().flat_map(|n| &n.input).collect();
        wanted.extend(graph.output.iter().map(|o| &o.name));
        let mut kept: Vec<TensorProto> =
            initializers.into_values().filter(|t| wanted.contains(&t.name)).collect();
        kept.sort_by(|a, b| a.name.cmp(&b.name));
        graph.initializer = kept;
        let mut names: Vec<&String> = detached.weights.keys().collect();
        names.sort();
        let inputs: Vec<ValueInfoProto> =
            names.iter().map(|n| input(n, &detached.weights[*n].shape)).collect();
        graph.input.extend(inputs);
        detached
    }

    /// The weights behind `outlet`, if they are here.
    pub fn get(&self, model: &TypedModel, outlet: OutletId) -> Option<Weights> {
        let node = model.node(outlet.node);
        node.op_as::<TypedSource>()?;
        self.weights.get(&node.name).cloned()
    }

    /// Puts back as float constants what the graph still reads; the graph's inputs are then its own again.
    ///
    /// # Errors
    /// If tract refuses a constant.
    pub fn reattach(&self, model: &mut TypedModel) -> TractResult<()> {
        let mine = |o: &OutletId| self.weights.contains_key(&model.node(o.node).name);
        let (detached, own): (Vec<OutletId>, Vec<OutletId>) =
            model.input_outlets()?.iter().copied().partition(mine);
        for outlet in detached {
            let read = !model.node(outlet.node).outputs[0].successors.is_empty();
            let Some(weights) = self.weights.get(&model.node(outlet.node).name).filter(|_| read) else {
                continue;
            };
            let each = weights.values.len() / weights.scale.len().max(1);
            let real: Vec<f32> = weights
                .values
                .iter()
                .enumerate()
                .map(|(i, w)| f32::from(*w) * weights.scale[i / each])
                .collect();
            let tensor = Tensor::from_shape(&weights.shape, &real)?.into_arc_tensor();
            let node = model.node_mut(outlet.node);
            node.outputs[0].fact = TypedFact::try_from(tensor.clone())?;
            node.op = Box::new(Const::new(tensor)?);
        }
        model.inputs = own;
        Ok(())
    }
}

/// `Some` if `node` is a DequantizeLinear whose result only convolutions read, as their weights.
fn only_convolutions(graph: &GraphProto, node: &NodeProto) -> Option<()> {
    let output = node.output.first().filter(|_| node.op_type == "DequantizeLinear")?;
    let readers = graph.node.iter().filter(|n| n.input.contains(output));
    let fine = readers.clone().all(|n| n.op_type == "Conv" && n.input.get(1) == Some(output));
    let inside = graph.output.iter().all(|o| o.name != *output);
    (fine && inside && readers.count() > 0).then_some(())
}

fn read(node: &NodeProto, initializers: &HashMap<String, TensorProto>) -> Option<Weights> {
    let axis = node.attribute.iter().find(|a| a.name == "axis").map_or(1, |a| a.i);
    let (x, scale) = (initializers.get(node.input.first()?)?, initializers.get(node.input.get(1)?)?);
    let shape: TVec<usize> = x.dims.iter().map(|d| *d as usize).collect();
    let per_output = axis == 0 && shape.len() == 4 && scale.dims == [x.dims[0]];
    if !per_output || x.data_type != DataType::Int8 as i32 || scale.data_type != DataType::Float as i32 {
        return None;
    }
    if let Some(zero) = node.input.get(2).filter(|name| !name.is_empty()) {
        let zero = initializers.get(zero)?;
        let plain = zero.data_type == DataType::Int8 as i32 && zero.int32_data.iter().all(|v| *v == 0);
        if !plain || zero.raw_data.iter().any(|v| *v != 0) {
            return None;
        }
    }
    let values: Vec<i8> = x.raw_data.iter().map(|b| *b as i8).collect();
    let scales: Vec<f32> = if scale.raw_data.is_empty() {
        scale.float_data.clone()
    } else {
        scale.raw_data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    };
    let whole = values.len() == shape.iter().product::<usize>() && scales.len() == shape[0];
    let usable = scales.iter().all(|s| s.is_finite() && *s > 0.0) && values.iter().all(|v| *v > i8::MIN);
    (whole && usable && !values.is_empty()).then(|| Weights { values: values.into(), shape, scale: scales })
}

fn input(name: &str, shape: &[usize]) -> ValueInfoProto {
    let dim = shape
        .iter()
        .map(|d| Dimension { value: Some(dimension::Value::DimValue(*d as i64)), ..Dimension::default() })
        .collect();
    let tensor =
        type_proto::Tensor { elem_type: DataType::Float as i32, shape: Some(TensorShapeProto { dim }) };
    let r#type =
        Some(TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() });
    ValueInfoProto { name: name.to_owned(), r#type, ..ValueInfoProto::default() }
}
