//! From a file to a package that may be run.

use std::path::{Path, PathBuf};

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, TensorProto, ValueInfoProto, tensor_shape_proto,
};

use super::contract::{
    AbstainBand, CONTRACT_KEY, Contract, FEATURES_NAME, HEAT_MAP_NAME, INPUT_NAME, PROBABILITY_NAME,
    SCHEMA_KEY, SCHEMA_VERSION, TEMPERATURES,
};
use super::{PackageError, PackageFile, PackageProblem};
use crate::heat_map::HeatMap;

/// A model whose contract and graph were checked against each other. The only thing an engine is made from.
#[derive(Debug, Clone)]
pub struct VerifiedPackage {
    path: PathBuf,
    sha256: String,
    contract: Contract,
    proto: ModelProto,
}

impl PackageFile {
    /// Checks that the file is an ONNX model with a contract, that the graph has the inputs and
    /// outputs that the contract speaks of, uses standard operators only, and keeps every tensor inside the
    /// file.
    ///
    /// # Errors
    /// [`PackageError`] with the first thing that does not hold.
    pub fn verify(self) -> Result<VerifiedPackage, PackageError> {
        match check(self.bytes()) {
            Ok((contract, proto)) => Ok(VerifiedPackage {
                path: self.path().to_owned(),
                sha256: self.sha256().to_owned(),
                contract,
                proto,
            }),
            Err(problem) => Err(PackageError { file: self.path().to_owned(), problem }),
        }
    }
}

impl VerifiedPackage {
    /// The path that it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the file (hex): the identity of the model.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What must be known to use it rightly.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Whether the model says where its score comes from.
    pub fn has_heat_map(&self) -> bool {
        self.proto.graph.as_ref().is_some_and(|graph| graph.output.len() > 2)
    }

    /// The same model with another contract. The metadata change, and with them the file's hash, but no tensor. What
    /// is given is not verified.
    ///
    /// # Errors
    /// [`PackageProblem::BadContract`] if the contract cannot be written as JSON.
    pub fn with_contract(&self, contract: &Contract) -> Result<PackageFile, PackageError> {
        let text = serde_json::to_string(contract).map_err(|error| PackageError {
            file: self.path.clone(),
            problem: PackageProblem::BadContract { reason: error.to_string() },
        })?;
        let mut proto = self.proto.clone();
        for entry in proto.metadata_props.iter_mut().filter(|entry| entry.key == CONTRACT_KEY) {
            entry.value.clone_from(&text);
        }
        Ok(PackageFile::from_bytes(&self.path, proto.encode_to_vec()))
    }

    pub(crate) fn proto(&self) -> &ModelProto {
        &self.proto
    }
}

fn check(bytes: &[u8]) -> Result<(Contract, ModelProto), PackageProblem> {
    let not_onnx = |reason: String| PackageProblem::NotOnnx { reason };
    let proto = ModelProto::decode(bytes).map_err(|error| not_onnx(error.to_string()))?;
    let graph = proto.graph.as_ref().ok_or_else(|| not_onnx("it holds no graph".to_owned()))?;
    let metadata = |key: &str| {
        proto.metadata_props.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
    };
    let contract = metadata(CONTRACT_KEY).ok_or(PackageProblem::NoContract)?;
    let schema = metadata(SCHEMA_KEY).ok_or(PackageProblem::NoContract)?;
    // The version is looked at first: the contract of another schema need not even parse.
    if schema != SCHEMA_VERSION.to_string() {
        return Err(PackageProblem::Schema { found: schema.to_owned() });
    }
    let contract: Contract = serde_json::from_str(contract)
        .map_err(|error| PackageProblem::BadContract { reason: error.to_string() })?;
    check_contract(&contract).map_err(|reason| PackageProblem::BadContract { reason })?;
    check_graph(graph, &contract).map_err(|reason| PackageProblem::BadGraph { reason })?;
    Ok((contract, proto))
}

fn check_contract(contract: &Contract) -> Result<(), String> {
    let size = contract.preprocessing.size;
    if size < 64 || !size.is_multiple_of(32) || size > 1024 {
        return Err(format!("input size {size} is not a multiple of 32 between 64 and 1024"));
    }
    contract.preprocessing.intensity.check(size).map_err(|error| error.to_string())?;
    let threshold = contract.threshold;
    if !(threshold > 0.0 && threshold < 1.0) {
        return Err(format!("threshold {threshold} is not between 0 and 1"));
    }
    let temperature = contract.temperature;
    if !TEMPERATURES.contains(&temperature) {
        let (least, most) = (TEMPERATURES.start(), TEMPERATURES.end());
        return Err(format!("temperature {temperature} is not between {least} and {most}"));
    }
    if let Some(AbstainBand { low, high }) = contract.abstain
        && !(0.0 <= low && low <= threshold && threshold <= high && high <= 1.0 && low < high)
    {
        return Err(format!("abstain band {low} to {high} does not hold the threshold {threshold}"));
    }
    if contract.labels.negative == contract.labels.positive {
        return Err(format!("both labels are called `{}`", contract.labels.positive));
    }
    if contract.backbones.is_empty() {
        return Err("it names no backbone".to_owned());
    }
    contract.quality_gate.as_ref().map_or(Ok(()), |gate| gate.check(contract.features))
}

fn check_graph(graph: &GraphProto, contract: &Contract) -> Result<(), String> {
    let size = contract.preprocessing.size as i64;
    let initializers: std::collections::HashSet<_> = graph.initializer.iter().map(|t| &t.name).collect();
    let inputs: Vec<_> = graph.input.iter().filter(|i| !initializers.contains(&i.name)).collect();
    match inputs.as_slice() {
        [input] if input.name == INPUT_NAME => expect_shape(input, &[1, 3, size, size])?,
        _ => return Err(format!("its one input is not `{INPUT_NAME}`")),
    }
    let outputs: Vec<_> = graph.output.iter().map(|output| output.name.as_str()).collect();
    match outputs.as_slice() {
        [PROBABILITY_NAME, FEATURES_NAME] | [PROBABILITY_NAME, FEATURES_NAME, HEAT_MAP_NAME] => {
            expect_shape(&graph.output[0], &[1, 1])?;
            expect_shape(&graph.output[1], &[1, contract.features as i64])?;
        }
        _ => {
            return Err(format!(
                "its outputs are not `{PROBABILITY_NAME}`, `{FEATURES_NAME}` and, where it has one, `{HEAT_MAP_NAME}`"
            ));
        }
    }
    if let Some(map) = graph.output.get(2) {
        let side = shape(map)?
            .last()
            .copied()
            .flatten()
            .filter(|side| (1..=HeatMap::MAX_SIDE as i64).contains(side));
        expect_shape(map, &[1, 1, side.unwrap_or(1), side.unwrap_or(1)])?;
    }
    if let Some(node) = graph.node.iter().find(|n| !matches!(n.domain.as_str(), "" | "ai.onnx")) {
        return Err(format!("operator `{}` is of the domain `{}`", node.op_type, node.domain));
    }
    let outside = |tensor: &TensorProto| !tensor.external_data.is_empty() || tensor.data_location == Some(1);
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let constants = attributes.flat_map(|attribute| attribute.t.iter().chain(&attribute.tensors));
    if let Some(tensor) = graph.initializer.iter().chain(constants).find(|t| outside(t)) {
        return Err(format!("tensor `{}` lies outside the file", tensor.name));
    }
    let has_graph = |a: &AttributeProto| a.g.is_some() || !a.graphs.is_empty();
    if let Some(node) = graph.node.iter().find(|n| n.attribute.iter().any(has_graph)) {
        return Err(format!("operator `{}` holds a graph of its own", node.op_type));
    }
    let has_sparse = |a: &AttributeProto| a.sparse_tensor.is_some() || !a.sparse_tensors.is_empty();
    let sparse_constant = graph.node.iter().any(|n| n.attribute.iter().any(has_sparse));
    if sparse_constant || !graph.sparse_initializer.is_empty() {
        return Err("it holds sparse tensors".to_owned());
    }
    Ok(())
}

/// The dimensions of a float32 tensor; `None` where one is not fixed.
fn shape(value: &ValueInfoProto) -> Result<Vec<Option<i64>>, String> {
    use tract_onnx::pb::type_proto::Value;
    let tensor = match value.r#type.as_ref().and_then(|t| t.value.as_ref()) {
        Some(Value::TensorType(tensor)) => tensor,
        None => return Err(format!("`{}` has no type", value.name)),
    };
    const FLOAT: i32 = 1;
    if tensor.elem_type != FLOAT {
        return Err(format!("`{}` is not float32", value.name));
    }
    let dims = tensor.shape.iter().flat_map(|shape| &shape.dim);
    Ok(dims
        .map(|dim| match dim.value {
            Some(tensor_shape_proto::dimension::Value::DimValue(size)) => Some(size),
            _ => None,
        })
        .collect())
}

fn expect_shape(value: &ValueInfoProto, expected: &[i64]) -> Result<(), String> {
    let found = shape(value)?;
    if found.iter().copied().eq(expected.iter().map(|dim| Some(*dim))) {
        return Ok(());
    }
    Err(format!("`{}` has the shape {found:?}, not {expected:?}", value.name))
}
