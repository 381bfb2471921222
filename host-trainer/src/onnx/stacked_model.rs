//! The stacked model as one graph: the backbones side by side, their features joined, the classifier head and the heat map on top.

use prost::Message;
use tract_onnx::pb::ModelProto;
use xray_core::package::{
    CONTRACT_KEY, Contract, FEATURES_NAME, INPUT_NAME, Precision, SCHEMA_KEY, SCHEMA_VERSION,
};
use xray_core::preprocess::Preprocessing;

use super::activations::{ActivationMode, ActivationWriter};
use super::constants::affine_nodes;
use super::graph::{Attribute, Graph, Value};
use super::layers::Layers;
use super::{GraphError, densenet, head, heat_map, mobilenet_v2};
use crate::architectures::Architecture;
use crate::backbones::input_adapter;
use crate::head::HeadWeights;
use crate::weights::WeightSet;

/// Pixels of the input along a side of one cell of the last maps, the same for all backbones.
const STRIDE: usize = 32;

/// A float graph, and the names of the activations in it that a quantised graph holds in 8 bits.
pub(crate) struct ObservedGraph {
    pub(crate) model: ModelProto,
    pub(crate) names: Vec<String>,
}

/// The backbones in float without a head, for measuring activation ranges.
pub(crate) fn observed(
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
) -> Result<ObservedGraph, GraphError> {
    check_size(preprocessing.size)?;
    let mut graph = Graph::default();
    let mut activations = ActivationWriter::new(ActivationMode::Observed);
    let features = features(&mut graph, sets, preprocessing, Precision::Float32, &mut activations)?;
    graph.output(&features, &[1, sets.iter().map(|set| set.backbone.features()).sum()]);
    Ok(ObservedGraph { model: graph.finish("xray_edge", &[]), names: activations.into_observed() })
}

/// The serialised stacked model; the same arguments give the same bytes.
///
/// # Errors
/// [`GraphError`]: tensors missing, wrongly shaped or not finite; an activation without a range.
pub(crate) fn serialised(
    sets: &[WeightSet],
    head: &HeadWeights,
    contract: &Contract,
    mode: ActivationMode,
) -> Result<Vec<u8>, GraphError> {
    check_size(contract.preprocessing.size)?;
    let mut graph = Graph::default();
    let mut activations = ActivationWriter::new(mode);
    let features = features(&mut graph, sets, &contract.preprocessing, contract.precision, &mut activations)?;
    finished(graph, &features, head, contract)
}

/// Adds head, heat map and outputs to the graph of the backbones, and serialises it.
pub(crate) fn finished(
    mut graph: Graph,
    features: &Value,
    head: &HeadWeights,
    contract: &Contract,
) -> Result<Vec<u8>, GraphError> {
    let maps = heat_map::last_maps(&graph, features).ok_or(GraphError::NoMaps)?;
    let head = head::write(&mut graph, features, head, contract.precision)?;
    let side = contract.preprocessing.size / STRIDE;
    let heat_map = heat_map::write(&mut graph, &head, &maps, side);
    graph.output(&head.probability, &[1, 1]);
    graph.output(features, &[1, contract.features]);
    graph.output(&heat_map, &[1, 1, side, side]);
    let metadata =
        [(SCHEMA_KEY, SCHEMA_VERSION.to_string()), (CONTRACT_KEY, serde_json::to_string(contract)?)];
    Ok(graph.finish("xray_edge", &metadata).encode_to_vec())
}

fn check_size(size: usize) -> Result<(), GraphError> {
    if size < 64 || !size.is_multiple_of(STRIDE) {
        return Err(GraphError::Size { size });
    }
    Ok(())
}

/// The graph's input and all backbones, to their joined features.
fn features(
    graph: &mut Graph,
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
    precision: Precision,
    activations: &mut ActivationWriter,
) -> Result<Value, GraphError> {
    let size = preprocessing.size;
    let image = graph.input(INPUT_NAME, &[1, 3, size, size]);
    let pooled = sets
        .iter()
        .map(|set| backbone(graph, &image, set, preprocessing, precision, activations))
        .collect::<Result<Vec<_>, _>>()?;
    graph.scope("");
    let pooled: Vec<&Value> = pooled.iter().collect();
    Ok(graph.node("Concat", FEATURES_NAME, &pooled, &[("axis", Attribute::Int(1))]))
}

/// One backbone from the image to its pooled features, every name under the backbone's own.
fn backbone(
    graph: &mut Graph,
    image: &Value,
    set: &WeightSet,
    preprocessing: &Preprocessing,
    precision: Precision,
    activations: &mut ActivationWriter,
) -> Result<Value, GraphError> {
    graph.scope(set.backbone.name());
    let mut x = image.clone();
    // Folding this into the first convolution would be wrong at the border: zeros are padded after it.
    if let Some((scale, shift)) = input_adapter(preprocessing.scaling, &set.conventions) {
        x = affine_nodes(graph, &x, "input", &scale, &shift);
    }
    let mut layers = Layers { graph, set, precision, activations };
    let x = layers.quantise(&x)?;
    match set.backbone.architecture() {
        Architecture::DenseNet(config) => densenet::write(&mut layers, &config, &x),
        Architecture::MobileNetV2 => mobilenet_v2::write(&mut layers, &x),
    }
}
