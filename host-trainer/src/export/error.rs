//! Why a model could not be written.

use crate::head::HeadError;
use crate::weights::WeightsError;

/// What can go wrong with an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A tensor is not there.
    #[error("{0}. Import the weights again with `host-trainer weights import`")]
    Weights(#[from] WeightsError),
    /// The head contradicts itself.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A tensor has the wrong shape.
    #[error(
        "weights for {backbone}: {tensor} has shape {found:?}, {expected:?} was expected: they are those of another net. Import the right file with `host-trainer weights import`"
    )]
    Shape {
        /// The net.
        backbone: &'static str,
        /// The tensor.
        tensor: String,
        /// What the net asks for.
        expected: Vec<usize>,
        /// What was found.
        found: Vec<usize>,
    },
    /// A number is infinite or not a number, or becomes so when BatchNorm is folded in.
    #[error(
        "{owner}: {tensor} holds a number that is not finite. If it is the head, train it again with a lower learning rate; if not, import the weights again"
    )]
    NotFinite {
        /// The net, or `head`.
        owner: &'static str,
        /// The tensor or layer.
        tensor: String,
    },
    /// The net was never trained with such padding.
    #[error(
        "weights for {backbone}: padding that is shorter above and on the left is unknown for this net; it is padded symmetrically by torchvision and Keras alike. Import the weights again"
    )]
    Padding {
        /// The net.
        backbone: &'static str,
    },
    /// The contract names other backbones than those given.
    #[error("the contract names the backbones [{}], the weights are for [{}]; give the weights in the contract's order", .contract.join(", "), .weights.join(", "))]
    Backbones {
        /// In the contract.
        contract: Vec<String>,
        /// In the weight sets.
        weights: Vec<String>,
    },
    /// Numbers of features differ.
    #[error(
        "the backbones give {backbones} features, the head takes {head} and the contract says {contract}; train the head on these backbones"
    )]
    Features {
        /// Of the weight sets together.
        backbones: usize,
        /// Of the head.
        head: usize,
        /// In the contract.
        contract: usize,
    },
    /// The input size is not one that the nets can take.
    #[error("the contract's input size is {size}; it must be a multiple of 32 and at least 64")]
    Size {
        /// Pixels.
        size: usize,
    },
    /// The contract asks for 8-bit activations and no calibration is there, or the other way round.
    #[error("precision {} {} a calibration; {}", .precision, if *.needed { "needs" } else { "takes no" }, if *.needed { "give the images with --data" } else { "leave it out" })]
    Calibration {
        /// The contract's precision.
        precision: &'static str,
        /// Whether one is needed.
        needed: bool,
    },
    /// An activation was not calibrated.
    #[error(
        "the calibration has no steps for the activation {activation}; calibrate again with these backbones"
    )]
    NotCalibrated {
        /// Its name in the graph.
        activation: String,
    },
    /// A model has no body that could take another head.
    #[error("{file}: {reason}; give a model that `host-trainer export` wrote")]
    Body {
        /// The model file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The features of a body are not the means of maps, so that no heat map can be computed.
    #[error(
        "the features of the model are not the means of its backbones' last maps, from which heat maps are computed; give a model that `host-trainer export` wrote"
    )]
    NoMaps,
    /// The contract does not serialise.
    #[error("the contract cannot be written as JSON: {0}. Look for a validation figure that is not a number")]
    Contract(#[from] serde_json::Error),
}
