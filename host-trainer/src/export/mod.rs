//! Writes the whole stack as one ONNX file: backbones, head, sigmoid and the contract.

mod body;
mod densenet;
mod error;
mod exact;
mod fold;
mod graph;
mod head;
mod heat_map;
mod layers;
mod mobilenet_v2;
mod quantise;
mod quantised_conv;
mod rounding;

use prost::Message;
use tract_onnx::pb::ModelProto;
use xray_core::package::{
    CONTRACT_KEY, Contract, FEATURES_NAME, INPUT_NAME, Precision, SCHEMA_KEY, SCHEMA_VERSION,
};
use xray_core::preprocess::Preprocessing;

use crate::backbones::{Architecture, input_adapter};
use crate::head::HeadWeights;
use crate::quantise::{Calibration, equalised};
use crate::weights::WeightSet;
pub use body::Body;
pub use error::ExportError;
pub(crate) use exact::power_of_two;
use graph::{Attribute, Graph, Value};
use layers::{Layers, affine_nodes};
use rounding::{Mode, Rounding};

/// The whole stack as a serialised ONNX model; the same arguments give the same bytes.
///
/// Input `image`, float32 `[1, 3, size, size]`, scaled as `contract.preprocessing` says. Outputs:
/// `probability`, float32 `[1, 1]` in 0..1, then `features`, float32 `[1, contract.features]`, then `heat_map`, float32
/// `[1, 1, size / 32, size / 32]` ([`xray_core::heat_map`]). The contract lies in the metadata.
///
/// # Errors
/// See [`ExportError`]: tensors missing, wrongly shaped or not finite; backbones, head and contract that do
/// not belong together; [`Precision::Int8`], for which there is [`export_quantised`].
pub fn export(sets: &[WeightSet], head: &HeadWeights, contract: &Contract) -> Result<Vec<u8>, ExportError> {
    if contract.precision == Precision::Int8 {
        return Err(ExportError::Calibration { precision: "int8", needed: true });
    }
    write(sets, head, contract, Mode::Float)
}

/// As [`export`], with activations uint8 and weights int8: a graph of QuantizeLinear and DequantizeLinear in
/// the standard domain, in the form that `xray_core::engine` recognises. The contract's precision must be
/// [`Precision::Int8`].
///
/// # Errors
/// As [`export`], and [`ExportError::NotCalibrated`] if the calibration was made for other backbones.
pub fn export_quantised(
    sets: &[WeightSet],
    head: &HeadWeights,
    contract: &Contract,
    calibration: &Calibration,
) -> Result<Vec<u8>, ExportError> {
    if contract.precision != Precision::Int8 {
        return Err(ExportError::Calibration { precision: "without int8 activations", needed: false });
    }
    let sets: Vec<WeightSet> = sets.iter().map(|set| equalised(set, &calibration.factors)).collect();
    write(&sets, head, contract, Mode::Quantised(calibration.clone()))
}

/// Pixels of the input along a side of one cell of the last maps, the same for all backbones.
const STRIDE: usize = 32;

/// A float graph, and the names of the activations in it that a quantised graph holds in eight bits.
pub(crate) struct ObservedGraph {
    pub(crate) model: ModelProto,
    pub(crate) names: Vec<String>,
}

/// The backbones in float, for calibration; without a head.
pub(crate) fn observed(
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
) -> Result<ObservedGraph, ExportError> {
    check_size(preprocessing.size)?;
    let mut graph = Graph::default();
    let mut rounding = Rounding::new(Mode::Observed);
    let features = features(&mut graph, sets, preprocessing, Precision::Float32, &mut rounding)?;
    graph.output(&features, &[1, sets.iter().map(|set| set.backbone.features()).sum()]);
    Ok(ObservedGraph { model: graph.finish("xray_edge", &[]), names: rounding.into_noted() })
}

fn write(
    sets: &[WeightSet],
    head: &HeadWeights,
    contract: &Contract,
    mode: Mode,
) -> Result<Vec<u8>, ExportError> {
    check(sets, head, contract)?;
    let mut graph = Graph::default();
    let mut rounding = Rounding::new(mode);
    let features = features(&mut graph, sets, &contract.preprocessing, contract.precision, &mut rounding)?;
    finished(graph, &features, head, contract)
}

/// The serialised model of the graph of a body: head and heat map are put on, the outputs declared.
fn finished(
    mut graph: Graph,
    features: &Value,
    head: &HeadWeights,
    contract: &Contract,
) -> Result<Vec<u8>, ExportError> {
    let maps = heat_map::last_maps(&graph, features).ok_or(ExportError::NoMaps)?;
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

fn check(sets: &[WeightSet], head: &HeadWeights, contract: &Contract) -> Result<(), ExportError> {
    check_size(contract.preprocessing.size)?;
    let named: Vec<String> = contract.backbones.iter().map(|record| record.name.clone()).collect();
    let given: Vec<String> = sets.iter().map(|set| set.backbone.name().to_owned()).collect();
    if named != given || given.is_empty() {
        return Err(ExportError::Backbones { contract: named, weights: given });
    }
    head.check()?;
    let backbones = sets.iter().map(|set| set.backbone.features()).sum();
    if backbones != head.features() || backbones != contract.features {
        let (head, contract) = (head.features(), contract.features);
        return Err(ExportError::Features { backbones, head, contract });
    }
    Ok(())
}

fn check_size(size: usize) -> Result<(), ExportError> {
    if size < 64 || !size.is_multiple_of(STRIDE) {
        return Err(ExportError::Size { size });
    }
    Ok(())
}

/// The graph's input and all backbones, to their joined features.
fn features(
    graph: &mut Graph,
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
    precision: Precision,
    rounding: &mut Rounding,
) -> Result<Value, ExportError> {
    let size = preprocessing.size;
    let image = graph.input(INPUT_NAME, &[1, 3, size, size]);
    let pooled = sets
        .iter()
        .map(|set| backbone(graph, &image, set, preprocessing, precision, rounding))
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
    rounding: &mut Rounding,
) -> Result<Value, ExportError> {
    graph.scope(set.backbone.name());
    let mut x = image.clone();
    // Folding this into the first convolution would be wrong at the border: zeros are padded after it.
    if let Some((scale, shift)) = input_adapter(preprocessing.scaling, &set.conventions) {
        x = affine_nodes(graph, &x, "input", &scale, &shift);
    }
    let mut layers = Layers { graph, set, precision, rounding };
    let x = layers.round(&x)?;
    match set.backbone.architecture() {
        Architecture::DenseNet(config) => densenet::write(&mut layers, &config, &x),
        Architecture::MobileNetV2 => mobilenet_v2::write(&mut layers, &x),
    }
}
