//! The graph of a model without its head; it stays bit for bit the same with another head.

use std::collections::HashSet;

use prost::Message;
use sha2::{Digest, Sha256};
use tract_onnx::pb::{GraphProto, ModelProto};
use xray_core::hex;
use xray_core::package::{Contract, FEATURES_NAME, PackageFile};

use super::ExportError;
use crate::head::HeadWeights;
use crate::onnx::{Graph, finished};

/// Everything in a model that its features depend on.
#[derive(Debug, Clone)]
pub struct BackboneGraph {
    graph: GraphProto,
}

impl BackboneGraph {
    /// Removes the head of a model.
    ///
    /// # Errors
    /// [`ExportError::BackboneGraph`] if the file is no ONNX model or has no features.
    pub fn of(file: &PackageFile) -> Result<Self, ExportError> {
        let wrong =
            |reason: String| ExportError::BackboneGraph { file: file.path().display().to_string(), reason };
        let model = ModelProto::decode(file.bytes()).map_err(|error| wrong(error.to_string()))?;
        let mut graph = model.graph.ok_or_else(|| wrong("it holds no graph".to_owned()))?;
        // Nodes stand in the order in which they depend on each other, so one pass backwards finds all.
        let mut needed = HashSet::from([FEATURES_NAME.to_owned()]);
        let mut kept = Vec::new();
        for node in graph.node.drain(..).rev() {
            if node.output.iter().any(|output| needed.contains(output)) {
                needed.extend(node.input.iter().cloned());
                kept.push(node);
            }
        }
        if kept.is_empty() {
            return Err(wrong(format!("nothing in it makes `{FEATURES_NAME}`")));
        }
        kept.reverse();
        graph.node = kept;
        graph.initializer.retain(|tensor| needed.contains(&tensor.name));
        graph.output.clear();
        Ok(BackboneGraph { graph })
    }

    /// SHA-256 (hex) over the nodes and constants: models with the same give the same features.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.graph.encode_to_vec()))
    }

    /// A whole model of this backbone graph and `head`. The contract's precision is that of the head's weights, too.
    ///
    /// # Errors
    /// [`ExportError`] if the head does not take as many features as the contract says, or holds numbers that
    /// are not finite; [`GraphError::NoMaps`](crate::onnx::GraphError::NoMaps) if the graph is not one that `export` wrote.
    pub fn with_head(&self, head: &HeadWeights, contract: &Contract) -> Result<Vec<u8>, ExportError> {
        head.check()?;
        if head.features() != contract.features {
            let (backbones, head) = (contract.features, head.features());
            return Err(ExportError::Features { backbones, head, contract: contract.features });
        }
        let graph = Graph::resume(self.graph.clone());
        let features = graph.known(FEATURES_NAME);
        Ok(finished(graph, &features, head, contract)?)
    }
}
