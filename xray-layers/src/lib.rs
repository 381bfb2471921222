//! The few layers of the backbones for burn's CPU backend, forward and with gradients of their own.
//!
//! burn computes a net's layers on maps of `[images, channels, height, width]`; a third and more of the time of a training
//! on a CPU goes into copies between layouts, masks and single-threaded loops. Here maps are
//! `[images, height, width, channels]`: see [`kernels`](self) and `docs/evidence/training-speed.md`. Weights keep burn's
//! shapes, `[outputs, inputs / groups, kernel, kernel]`.
//!
//! All functions take float32 tensors on the CPU, with or without recorded gradients ([`supports`]), and give the same
//! bytes for any number of threads.

#![deny(unsafe_code)]

mod geometry;
mod kernels;
mod ops;

use burn::backend::Dispatch;
use burn::tensor::{DType, Device, Tensor};

pub use geometry::Geometry;
use kernels::batch_norm::Clip;
use ops::{LayerOps, Settings};

/// What follows a BatchNorm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// `max(x, 0)`; its gradient is 0 at 0.
    Relu,
    /// `min(max(x, 0), 6)`; its gradient is 0 at both ends.
    Relu6,
}

impl Activation {
    fn clip(self) -> Clip {
        match self {
            Activation::None => Clip { low: f32::NEG_INFINITY, high: f32::INFINITY },
            Activation::Relu => Clip { low: 0.0, high: f32::INFINITY },
            Activation::Relu6 => Clip { low: 0.0, high: 6.0 },
        }
    }
}

/// The trained parameters of a BatchNorm and what goes with them.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    /// Scale of each channel, `[channels]`.
    pub gamma: Tensor<1>,
    /// Shift of each channel, `[channels]`.
    pub beta: Tensor<1>,
    /// Added to the variance, above 0.
    pub epsilon: f64,
    /// What follows.
    pub activation: Activation,
}

impl BatchNorm {
    fn settings(&self) -> Settings {
        Settings { epsilon: self.epsilon as f32, clip: self.activation.clip() }
    }
}

/// A map normalised by its own statistics.
#[derive(Debug, Clone)]
pub struct Normalised {
    /// The map, `[images, height, width, channels]`.
    pub map: Tensor<4>,
    /// Mean of each channel before, `[channels]`; without gradient.
    pub mean: Tensor<1>,
    /// Variance of each channel before, over the number of pixels, `[channels]`; without gradient.
    pub variance: Tensor<1>,
}

/// Whether a tensor can be given to the functions of this crate: float32 on the CPU, with or without recorded gradients.
pub fn supports<const D: usize>(tensor: &Tensor<D>) -> bool {
    // burn compares devices without regard to whether they record gradients.
    tensor.device() == Device::flex() && tensor.dtype() == DType::F32
}

/// Convolution without bias of `map`, `[images, height, width, inputs]`, with `weight`,
/// `[outputs, inputs / groups, kernel, kernel]`: to `[images, height', width', outputs]`. Of convolutions in groups only 3x3
/// with one channel in each is computed.
///
/// # Panics
/// If shapes do not fit, or tensors are not float32 on the CPU.
pub fn convolution(map: Tensor<4>, weight: Tensor<4>, geometry: Geometry) -> Tensor<4> {
    let out = Dispatch::layer_convolution(map.into_dispatch(), weight.into_dispatch(), geometry);
    Tensor::from_dispatch(out)
}

/// BatchNorm by the statistics of `map`, `[images, height, width, channels]`, as in training (Ioffe, Szegedy 2015,
/// arXiv 1502.03167, algorithm 1), and the activation.
///
/// # Panics
/// As [`convolution`].
pub fn batch_norm(map: Tensor<4>, norm: BatchNorm) -> Normalised {
    let settings = norm.settings();
    let (gamma, beta) = (norm.gamma.into_dispatch(), norm.beta.into_dispatch());
    let (map, mean, variance) = Dispatch::layer_batch_norm(map.into_dispatch(), gamma, beta, settings);
    Normalised {
        map: Tensor::from_dispatch(map),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}

/// BatchNorm by given statistics, `[channels]` each, which are constants, and the activation.
///
/// # Panics
/// As [`convolution`].
pub fn frozen_batch_norm(map: Tensor<4>, norm: BatchNorm, mean: Tensor<1>, variance: Tensor<1>) -> Tensor<4> {
    let settings = norm.settings();
    let (gamma, beta) = (norm.gamma.into_dispatch(), norm.beta.into_dispatch());
    let (mean, variance) = (mean.into_dispatch(), variance.into_dispatch());
    Tensor::from_dispatch(Dispatch::layer_affine(map.into_dispatch(), gamma, beta, mean, variance, settings))
}

/// The channels of two maps side by side: `[images, height, width, a]` and `[…, b]` to `[…, a + b]`.
///
/// # Panics
/// As [`convolution`].
pub fn concat(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::layer_concat(first.into_dispatch(), second.into_dispatch()))
}

/// The largest value of each window of `kernel` by `kernel` pixels, at most 3; what is outside the map does not count. Of
/// equal values the first gets the gradient.
///
/// # Panics
/// As [`convolution`].
pub fn max_pool(map: Tensor<4>, kernel: usize, geometry: Geometry) -> Tensor<4> {
    let window = pooling_window(&map, kernel, geometry);
    Tensor::from_dispatch(Dispatch::layer_max_pool(map.into_dispatch(), window))
}

/// The mean of each window of `kernel` by `kernel` pixels, at most 3, without padding.
///
/// # Panics
/// As [`convolution`].
pub fn mean_pool(map: Tensor<4>, kernel: usize, stride: usize) -> Tensor<4> {
    let window = pooling_window(&map, kernel, Geometry { stride, ..Geometry::POINT });
    Tensor::from_dispatch(Dispatch::layer_mean_pool(map.into_dispatch(), window))
}

fn pooling_window(map: &Tensor<4>, kernel: usize, geometry: Geometry) -> kernels::window::Window {
    assert!(kernel <= 3, "a pooling window of {kernel} pixels, more than 3");
    assert!(geometry.padding.iter().all(|pixels| *pixels < kernel), "windows outside the map");
    geometry.window(map.dims(), kernel)
}
