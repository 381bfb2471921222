//! `.safetensors` files: those of others with torchvision's names, and the ones that the store writes.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use super::raw::{Collector, Number, Raw, TORCHVISION, torch_name};
use super::{Array, Conventions, Provenance, WeightSet, WeightsError};
use crate::architectures::BackboneKind;

/// Key of the label among the metadata of a file that the store wrote. One key, so that the same weights
/// give the same bytes.
const LABEL_KEY: &str = "xray_edge.weights";

/// What the store writes beside the tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    backbone: BackboneKind,
    conventions: Conventions,
    provenance: Provenance,
}

/// Reads the feature extractor. A file without a label is taken to follow torchvision's conventions.
///
/// # Errors
/// [`WeightsError::Format`] if it is not such a file, or is labelled as another net.
pub(crate) fn read(path: &Path, bytes: &[u8], kind: BackboneKind) -> Result<Raw, WeightsError> {
    let wrong = |reason: &dyn std::fmt::Display| WeightsError::format(path, reason);
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| wrong(&e))?;
    let label = header.metadata().as_ref().and_then(|metadata| metadata.get(LABEL_KEY));
    let label: Option<Label> =
        label.map(|json| serde_json::from_str(json)).transpose().map_err(|e| wrong(&e))?;
    if let Some(label) = &label
        && label.backbone != kind
    {
        return Err(wrong(&format!("it holds weights for {}, not {}", label.backbone.name(), kind.name())));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|e| wrong(&e))?;
    let mut collector = Collector::new(kind);
    for (name, view) in file.iter() {
        let Some(torch) = torch_name(name) else { continue };
        collector.add(path, torch, view.shape(), || {
            let number = match view.dtype() {
                Dtype::F64 => Number::F64,
                Dtype::F32 => Number::F32,
                Dtype::F16 => Number::F16,
                Dtype::BF16 => Number::Bf16,
                other => return Err(wrong(&format!("{name} is stored as {other}"))),
            };
            Ok(number.decode(view.data()))
        })?;
    }
    let framework = match &label {
        Some(Label { provenance: Provenance::File { framework, .. }, .. }) => framework.clone(),
        _ => "torchvision".to_owned(),
    };
    let (conventions, provenance) = match label {
        Some(label) => (label.conventions, Some(label.provenance)),
        None => (TORCHVISION, None),
    };
    Ok(Raw { tensors: collector.tensors, conventions, framework, provenance })
}

/// The bytes of a labelled file with these weights.
///
/// # Errors
/// [`WeightsError::Format`] if a tensor has another number of elements than its shape says.
pub(crate) fn write(path: &Path, set: &WeightSet) -> Result<Vec<u8>, WeightsError> {
    let wrong = |reason: &dyn std::fmt::Display| WeightsError::format(path, reason);
    let label = Label {
        backbone: set.backbone,
        conventions: set.conventions.clone(),
        provenance: set.provenance.clone(),
    };
    let json = serde_json::to_string(&label).map_err(|e| wrong(&e))?;
    let bytes: Vec<(&String, &Array, Vec<u8>)> = set
        .tensors
        .iter()
        .map(|(name, array)| (name, array, array.data.iter().flat_map(|x| x.to_le_bytes()).collect()))
        .collect();
    let views = bytes
        .iter()
        .map(|(name, array, data)| {
            let view = TensorView::new(Dtype::F32, array.shape.clone(), data).map_err(|e| wrong(&e))?;
            Ok((name.as_str(), view))
        })
        .collect::<Result<Vec<_>, WeightsError>>()?;
    serialize(views, Some(HashMap::from([(LABEL_KEY.to_owned(), json)]))).map_err(|e| wrong(&e))
}
