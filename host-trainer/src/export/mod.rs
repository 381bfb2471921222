//! The stacked model as one ONNX file: backbones, classifier head, sigmoid, heat map and the contract; and models that get
//! another head.
//!
//! A stacked model is several backbones side by side whose features are joined; the classifier head is the small net on top
//! that turns these features into one probability.

mod backbone_graph;
mod error;

use xray_core::package::{Contract, Precision};

use crate::head::HeadWeights;
use crate::onnx::{ActivationMode, ActivationRanges, serialised};
use crate::quantise::equalised;
use crate::weights::WeightSet;
pub use backbone_graph::BackboneGraph;
pub use error::ExportError;

/// The stacked model as a serialised ONNX model; the same arguments give the same bytes.
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
        return Err(ExportError::ActivationRanges { precision: "int8", needed: true });
    }
    check(sets, head, contract)?;
    Ok(serialised(sets, head, contract, ActivationMode::Float)?)
}

/// As [`export`], with activations uint8 and weights int8: a graph of QuantizeLinear and DequantizeLinear in
/// the standard domain, in the form that `xray_core::engine` recognises. The contract's precision must be
/// [`Precision::Int8`].
///
/// # Errors
/// As [`export`], and [`GraphError::NoRange`](crate::onnx::GraphError::NoRange) if the ranges are those of other backbones.
pub fn export_quantised(
    sets: &[WeightSet],
    head: &HeadWeights,
    contract: &Contract,
    ranges: &ActivationRanges,
) -> Result<Vec<u8>, ExportError> {
    if contract.precision != Precision::Int8 {
        return Err(ExportError::ActivationRanges { precision: "without int8 activations", needed: false });
    }
    let sets: Vec<WeightSet> = sets.iter().map(|set| equalised(set, &ranges.factors)).collect();
    check(&sets, head, contract)?;
    Ok(serialised(&sets, head, contract, ActivationMode::Quantised(ranges.clone()))?)
}

fn check(sets: &[WeightSet], head: &HeadWeights, contract: &Contract) -> Result<(), ExportError> {
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
