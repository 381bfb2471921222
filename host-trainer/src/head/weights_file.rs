//! The file of a head: safetensors, one float32 tensor for each vector and matrix.

use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use xray_core::files::{PUBLIC, write_atomic};

use super::weights::expect_len;
use super::{BatchNorm, Dense, HeadError, HeadWeights};
use crate::weights::Array;

impl HeadWeights {
    /// Writes the head as a safetensors file; the same head gives the same bytes.
    ///
    /// # Errors
    /// [`HeadError::Io`] if the file cannot be written, [`HeadError::Format`] if the parts contradict their
    /// shapes.
    pub fn save(&self, path: &Path) -> Result<(), HeadError> {
        let tensors = self.tensors();
        let format = |source| HeadError::Format { path: path.to_owned(), source };
        let views = tensors
            .iter()
            .map(|(name, (shape, data))| {
                let bytes = bytemuck::cast_slice::<f32, u8>(data);
                TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(format)?;
        let bytes = safetensors::serialize(views, None).map_err(format)?;
        write_atomic(path, &bytes, PUBLIC).map_err(|source| HeadError::Io {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }

    /// Reads what [`HeadWeights::save`] wrote.
    ///
    /// # Errors
    /// [`HeadError::Io`], [`HeadError::Format`], [`HeadError::Tensor`] if one is missing or not float32, and
    /// [`HeadError::Shape`] if the layers do not fit together.
    pub fn load(path: &Path) -> Result<HeadWeights, HeadError> {
        let bytes = std::fs::read(path).map_err(|source| HeadError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|source| HeadError::Format { path: path.to_owned(), source })?;
        let reader = Reader { path, file };
        let head = HeadWeights {
            norm1: reader.norm("norm1")?,
            dense1: reader.dense("dense1")?,
            norm2: reader.norm("norm2")?,
            dense2: reader.dense("dense2")?,
            dense3: reader.dense("dense3")?,
        };
        head.check()?;
        Ok(head)
    }
}

struct Reader<'a> {
    path: &'a Path,
    file: SafeTensors<'a>,
}

impl Reader<'_> {
    fn array(&self, name: String) -> Result<Array, HeadError> {
        match self.file.tensor(&name) {
            Ok(view) if view.dtype() == Dtype::F32 => {
                Ok(Array { shape: view.shape().to_vec(), data: bytemuck::pod_collect_to_vec(view.data()) })
            }
            _ => Err(HeadError::Tensor { path: self.path.to_owned(), tensor: name }),
        }
    }

    fn norm(&self, name: &str) -> Result<BatchNorm, HeadError> {
        let vector = |part: &str| self.array(format!("{name}.{part}")).map(|array| array.data);
        let epsilon = vector("epsilon")?;
        expect_len(&format!("{name}.epsilon"), 1, epsilon.len())?;
        Ok(BatchNorm {
            gamma: vector("gamma")?,
            beta: vector("beta")?,
            mean: vector("mean")?,
            variance: vector("variance")?,
            epsilon: epsilon.first().copied().unwrap_or_default(),
        })
    }

    fn dense(&self, name: &str) -> Result<Dense, HeadError> {
        Ok(Dense {
            weight: self.array(format!("{name}.weight"))?,
            bias: self.array(format!("{name}.bias"))?.data,
        })
    }
}
