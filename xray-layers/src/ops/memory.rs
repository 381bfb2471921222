//! The memory of burn's CPU tensors.
//!
//! A step of training needs the same large maps again and again. A fresh one costs a page fault every 4 KiB, a tenth and more
//! of a step's time; so the way back keeps the memory of maps that are done with, for the next step.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

/// Fewest elements of a map that is worth keeping; the allocator has smaller ones at hand.
const LEAST: usize = 1 << 16;

/// Memory that is kept, by its number of elements.
static KEPT: Mutex<BTreeMap<usize, Vec<Vec<f32>>>> = Mutex::new(BTreeMap::new());

/// The tensor with its elements in order and nothing else in its memory; copies only what is not.
pub(super) fn in_order(tensor: FlexTensor) -> FlexTensor {
    tensor.to_contiguous()
}

/// The elements of a tensor that went through [`in_order`].
///
/// # Panics
/// If they are not float32.
pub(super) fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor.storage()
}

/// Sides of a tensor.
///
/// # Panics
/// If it has not `D` of them.
pub(super) fn sides<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.layout().shape().dims()
}

/// A tensor of these elements.
pub(super) fn tensor<const D: usize>(data: Vec<f32>, sides: [usize; D]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(data), Layout::contiguous(Shape::from(sides)), DType::F32)
}

/// Memory for elements; what is in it is left from before, each element is to be overwritten.
pub(super) fn space(len: usize) -> Vec<f32> {
    // Nothing here panics while it holds the lock, and memory is as good after a panic as before.
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&len).and_then(Vec::pop);
    kept.unwrap_or_else(|| vec![0.0; len])
}

/// Keeps the memory of a tensor that is done with, unless others use it.
pub(super) fn keep(tensor: FlexTensor) {
    if !tensor.is_unique() || tensor.layout().num_elements() < LEAST {
        return;
    }
    let (bytes, ..) = in_order(tensor).into_data().into_parts();
    if let Ok(values) = bytes.try_into_vec::<f32>() {
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).entry(values.len()).or_default().push(values);
    }
}

/// Gives all kept memory back: called where a map is computed without gradients, since the training is then over, or
/// pauses.
pub(super) fn release() {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).clear();
}
