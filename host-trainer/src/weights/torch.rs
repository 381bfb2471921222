//! PyTorch state dicts: `.pth` files, both the zip of today and the pickle stream of before 1.6.

use std::io::Write;
use std::path::Path;

use burn::store::pytorch::PytorchReader;
use burn::store::pytorch_reader::DType;

use super::WeightsError;
use super::raw::{Collector, Number, Raw, TORCHVISION, torch_name};
use crate::architectures::BackboneKind;

/// Reads the feature extractor out of the bytes of a state dict, which came from `path`. Nothing in the pickle is executed.
///
/// # Errors
/// [`WeightsError::Format`] if it is not one; [`WeightsError::Io`] if there is no space for a copy.
pub(crate) fn read(path: &Path, bytes: &[u8], kind: BackboneKind) -> Result<Raw, WeightsError> {
    // The reader wants a file. The one at `path` may have been replaced since its bytes were hashed; this copy is nobody
    // else's.
    let io = |e: std::io::Error| WeightsError::io("copy to the folder for temporary files", path, &e);
    let mut copy = tempfile::NamedTempFile::new().map_err(io)?;
    copy.write_all(bytes).and_then(|()| copy.flush()).map_err(io)?;
    let reader = PytorchReader::new(copy.path()).map_err(|e| WeightsError::format(path, e))?;
    let mut tensors: Vec<_> = reader.into_tensors().into_iter().collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let mut collector = Collector::new(kind);
    for (name, tensor) in tensors {
        let Some(torch) = torch_name(&name) else { continue };
        collector.add(path, torch, tensor.shape(), || {
            let number = match tensor.dtype() {
                DType::F64 => Number::F64,
                DType::F32 => Number::F32,
                DType::F16 => Number::F16,
                DType::BF16 => Number::Bf16,
                other => return Err(WeightsError::format(path, format!("{name} is stored as {other:?}"))),
            };
            let mut bytes = tensor.read().map_err(|e| WeightsError::format(path, e))?;
            if cfg!(target_endian = "big") {
                bytes.chunks_exact_mut(tensor.dtype().size()).for_each(<[u8]>::reverse);
            }
            Ok(number.decode(&bytes))
        })?;
    }
    Ok(Raw {
        tensors: collector.tensors,
        conventions: TORCHVISION,
        framework: "torchvision".to_owned(),
        provenance: None,
    })
}
