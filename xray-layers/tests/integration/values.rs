//! Tensors to compute with, and how they are compared.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use xray_testkit::random::hashed_by_index;

/// Numbers of -1 to 1 that depend on the name, as `tensor` in scripts/oracle/layers.py.
pub fn hashed<const D: usize>(name: &str, sides: [usize; D]) -> Tensor<D> {
    let values = hashed_by_index(name, sides.iter().product());
    let values: Vec<f32> = values.into_iter().map(|u| (2.0 * u - 1.0) as f32).collect();
    Tensor::from_data(TensorData::new(values, sides), &Device::flex().autodiff())
}

/// As [`hashed`], to be trained.
pub fn trained<const D: usize>(name: &str, sides: [usize; D]) -> Tensor<D> {
    hashed(name, sides).require_grad()
}

pub fn elements<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// The gradient of a tensor.
pub fn gradient<const D: usize>(tensor: &Tensor<D>, gradients: &Gradients) -> Vec<f32> {
    elements(tensor.grad(gradients).unwrap())
}

/// Gradients of the sum of the output's elements, each times a number of its own.
pub fn backward(out: &Tensor<4>, factors: &Tensor<4>) -> Gradients {
    (out.clone() * factors.clone()).sum().backward()
}

pub fn channels_last(map: Tensor<4>) -> Tensor<4> {
    map.permute([0, 2, 3, 1])
}

pub fn channels_first(map: Tensor<4>) -> Tensor<4> {
    map.permute([0, 3, 1, 2])
}

/// A float32 sum of some thousand products is off by some units of 6e-8 times the root of their number, relative to the
/// largest results.
const TOLERANCE: f32 = 1e-5;

#[track_caller]
pub fn agree(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f32, |scale, value| scale.max(value.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{what}: {worst:e} of {scale}");
    assert!(scale > 0.0 && worst <= TOLERANCE * scale, "{what}: {worst} of {scale}");
}
