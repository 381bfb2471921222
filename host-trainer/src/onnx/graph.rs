//! Writes an ONNX graph node by node. Field by field: ONNX IR specification, onnx.ai/onnx/repo-docs/IR.html.

use std::collections::BTreeMap;

use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto::AttributeType,
    tensor_proto::DataType, tensor_shape_proto, type_proto,
};

/// Version of the standard operator set; 13 brought DequantizeLinear per axis, 17 is widely supported.
const OPSET: i64 = 17;

/// IR version that belongs to opset 17 (ONNX, Versioning.md).
const IR_VERSION: i64 = 8;

/// A value that flows through the graph: the output of a node, an initializer or the graph's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value(String);

impl Value {
    /// Its full name in the graph.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// An attribute of a node.
pub(crate) enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
}

/// A graph under construction. Nodes must be added in the order in which they depend on each other.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    taken: BTreeMap<String, usize>,
    prefix: String,
}

impl Graph {
    /// Goes on with a graph that was finished before; its outputs are declared anew.
    pub(crate) fn resume(graph: GraphProto) -> Graph {
        let nodes = graph.node.iter().flat_map(|node| &node.output);
        let constants = graph.initializer.iter().map(|tensor| &tensor.name);
        let inputs = graph.input.iter().map(|input| &input.name);
        let taken = nodes.chain(constants).chain(inputs).map(|name| (name.clone(), 1)).collect();
        Graph {
            nodes: graph.node,
            initializers: graph.initializer,
            inputs: graph.input,
            outputs: Vec::new(),
            taken,
            prefix: String::new(),
        }
    }

    /// A value that is in the graph already.
    pub(crate) fn known(&self, name: &str) -> Value {
        Value(name.to_owned())
    }

    /// Puts `prefix/` before every name from here on; an empty prefix puts nothing.
    pub(crate) fn scope(&mut self, prefix: &str) {
        self.prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    }

    /// Declares a float32 input of the graph.
    pub(crate) fn input(&mut self, name: &str, shape: &[usize]) -> Value {
        self.taken.insert(name.to_owned(), 1);
        self.inputs.push(float_info(name, shape));
        Value(name.to_owned())
    }

    /// Adds a float32 constant.
    pub(crate) fn floats(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Value {
        self.initializer(name, shape, DataType::Float, data.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// Adds an int8 constant.
    pub(crate) fn bytes(&mut self, name: &str, shape: &[usize], data: &[i8]) -> Value {
        self.initializer(name, shape, DataType::Int8, data.iter().map(|v| v.cast_unsigned()).collect())
    }

    /// Adds a uint8 constant.
    pub(crate) fn unsigned_bytes(&mut self, name: &str, shape: &[usize], data: &[u8]) -> Value {
        self.initializer(name, shape, DataType::Uint8, data.to_vec())
    }

    /// Adds an int32 constant.
    pub(crate) fn integers(&mut self, name: &str, shape: &[usize], data: &[i32]) -> Value {
        self.initializer(name, shape, DataType::Int32, data.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// Adds an int64 constant of one axis.
    pub(crate) fn longs(&mut self, name: &str, data: &[i64]) -> Value {
        let bytes = data.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.initializer(name, &[data.len()], DataType::Int64, bytes)
    }

    /// The node whose output bears this name.
    pub(crate) fn maker(&self, name: &str) -> Option<&NodeProto> {
        self.nodes.iter().find(|node| node.output.iter().any(|output| output == name))
    }

    /// The name of `value` without the scope.
    pub(crate) fn local<'a>(&self, value: &'a Value) -> &'a str {
        value.0.strip_prefix(&self.prefix).unwrap_or(&value.0)
    }

    fn initializer(&mut self, name: &str, shape: &[usize], kind: DataType, raw_data: Vec<u8>) -> Value {
        let name = self.unique(name);
        self.initializers.push(TensorProto {
            dims: dims(shape),
            data_type: kind as i32,
            name: name.clone(),
            raw_data,
            ..TensorProto::default()
        });
        Value(name)
    }

    /// Adds a node with one output, named as the node is.
    pub(crate) fn node(
        &mut self,
        op_type: &str,
        name: &str,
        inputs: &[&Value],
        attributes: &[(&str, Attribute)],
    ) -> Value {
        let name = self.unique(name);
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op_type.to_owned(),
            attribute: attributes.iter().map(|(name, value)| attribute(name, value)).collect(),
            ..NodeProto::default()
        });
        Value(name)
    }

    /// Declares `value` a float32 output of the graph; it must have been made without a scope under `name`.
    pub(crate) fn output(&mut self, value: &Value, shape: &[usize]) {
        self.outputs.push(float_info(&value.0, shape));
    }

    /// The finished model, with `metadata` as its `metadata_props`.
    pub(crate) fn finish(self, name: &str, metadata: &[(&str, String)]) -> ModelProto {
        ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            producer_name: env!("CARGO_PKG_NAME").to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(GraphProto {
                node: self.nodes,
                name: name.to_owned(),
                initializer: self.initializers,
                input: self.inputs,
                output: self.outputs,
                ..GraphProto::default()
            }),
            metadata_props: metadata
                .iter()
                .map(|(key, value)| StringStringEntryProto { key: (*key).to_owned(), value: value.clone() })
                .collect(),
            ..ModelProto::default()
        }
    }

    /// `name` within the scope, with a number behind it if it was given before.
    fn unique(&mut self, name: &str) -> String {
        let full = format!("{}{name}", self.prefix);
        let count = self.taken.entry(full.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            return full;
        }
        let numbered = format!("{full}#{count}");
        self.taken.insert(numbered.clone(), 1);
        numbered
    }
}

fn attribute(name: &str, value: &Attribute) -> AttributeProto {
    let base = AttributeProto { name: name.to_owned(), ..AttributeProto::default() };
    match value {
        Attribute::Int(i) => AttributeProto { r#type: AttributeType::Int as i32, i: *i, ..base },
        Attribute::Ints(ints) => {
            AttributeProto { r#type: AttributeType::Ints as i32, ints: ints.clone(), ..base }
        }
    }
}

fn float_info(name: &str, shape: &[usize]) -> ValueInfoProto {
    let dim = dims(shape)
        .into_iter()
        .map(|size| tensor_shape_proto::Dimension {
            value: Some(tensor_shape_proto::dimension::Value::DimValue(size)),
            ..tensor_shape_proto::Dimension::default()
        })
        .collect();
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: DataType::Float as i32,
                shape: Some(TensorShapeProto { dim }),
            })),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

fn dims(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&size| size as i64).collect()
}
