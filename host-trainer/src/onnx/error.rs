//! Why a graph could not be written.

use crate::head::HeadError;
use crate::weights::WeightsError;

/// Why a graph could not be written.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    #[error("{0}. Import the weights again with `host-trainer weights import`")]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error(
        "weights for {backbone}: {tensor} has shape {found:?}, {expected:?} was expected: they are those of another net. Import the right file with `host-trainer weights import`"
    )]
    Shape { backbone: &'static str, tensor: String, expected: Vec<usize>, found: Vec<usize> },
    #[error(
        "{owner}: {tensor} holds a number that is not finite. If it is the head, train it again with a lower learning rate; if not, import the weights again"
    )]
    NotFinite { owner: &'static str, tensor: String },
    #[error(
        "weights for {backbone}: padding that is shorter above and on the left is unknown for this net; it is padded symmetrically by torchvision and Keras alike. Import the weights again"
    )]
    Padding { backbone: &'static str },
    #[error("the contract's input size is {size}; it must be a multiple of 32 and at least 64")]
    Size { size: usize },
    #[error("the activation {activation} has no range; measure the ranges again with these backbones")]
    NoRange { activation: String },
    #[error(
        "the features of the model are not the means of its backbones' last maps, from which heat maps are computed; give a model that `host-trainer export` wrote"
    )]
    NoMaps,
    #[error("the contract cannot be written as JSON: {0}. Look for a validation figure that is not a number")]
    Contract(#[from] serde_json::Error),
}
