//! Numbers that go into a graph and come out of it.

use tract_onnx::prelude::*;

/// A dense array of float32 numbers in row-major order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Array {
    /// Sizes of the dimensions, the slowest first.
    pub shape: Vec<usize>,
    /// As many numbers as the product of `shape`.
    pub values: Vec<f32>,
}

impl Array {
    /// The numbers of a tensor; integers are converted.
    pub(crate) fn from_tensor(tensor: &Tensor) -> TractResult<Array> {
        let values = tensor.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
        Ok(Array { shape: tensor.shape().to_vec(), values })
    }
}
