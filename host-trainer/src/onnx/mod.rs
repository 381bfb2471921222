//! Writes nets as nodes of an ONNX graph: one file a backbone, the classifier head, the heat map, and what they are built of.
//!
//! BatchNorm is folded into the layers beside it (`fold.rs`). Where activations become 8 bits is said in
//! `activations.rs`; why all engines then compute the same numbers, in `exact.rs`.

mod activation_ranges;
mod activations;
mod bias_correction;
mod constants;
mod densenet;
mod error;
mod exact;
mod fold;
mod graph;
mod head;
mod heat_map;
mod int8_weights;
mod layers;
mod mobilenet_v2;
mod quantisation_params;
mod quantised_conv;
mod stacked_model;

pub use activation_ranges::{ActivationRange, ActivationRanges, Observer};
pub(crate) use activations::ActivationMode;
pub use error::GraphError;
pub(crate) use graph::Graph;
pub use quantisation_params::QuantisationParams;
pub(crate) use stacked_model::{ObservedGraph, finished, observed, serialised};
