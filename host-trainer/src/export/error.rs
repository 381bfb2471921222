//! Why a model could not be exported.

use crate::head::HeadError;
use crate::onnx::GraphError;

/// Why a model could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error("the contract names the backbones [{}], the weights are for [{}]; give the weights in the contract's order", .contract.join(", "), .weights.join(", "))]
    Backbones { contract: Vec<String>, weights: Vec<String> },
    #[error(
        "the backbones give {backbones} features, the head takes {head} and the contract says {contract}; train the head on these backbones"
    )]
    Features { backbones: usize, head: usize, contract: usize },
    #[error("precision {} {} activation ranges; {}", .precision, if *.needed { "needs" } else { "takes no" }, if *.needed { "give the images with --data" } else { "leave them out" })]
    ActivationRanges { precision: &'static str, needed: bool },
    #[error("{file}: {reason}; give a model that `host-trainer export` wrote")]
    BackboneGraph { file: String, reason: String },
}
