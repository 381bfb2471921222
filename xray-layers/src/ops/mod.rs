//! The layers as operations of burn: a trait over its backends, for the CPU's tensors and for those that record gradients.
//!
//! burn's macro routes a call to the backend that the tensors are on (burn book, "Backend extension").

mod batch_norm;
mod concat;
mod conv;
mod memory;
mod pool;

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};

pub(crate) use batch_norm::Settings;

use crate::geometry::Geometry;
use crate::kernels::window::Window;

/// A tensor of the CPU that records gradients.
type Recorded = FloatTensor<Autodiff<Flex>>;

/// Operations on float32 maps of `[images, height, width, channels]`. All panic where shapes do not fit.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait LayerOps: Backend {
    /// Convolution with `weight`, `[outputs, inputs / groups, kernel, kernel]`.
    fn layer_convolution(
        map: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;

    /// BatchNorm by mean and variance of the map itself, then a clip. Gives the map, mean and variance.
    fn layer_batch_norm(
        map: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        settings: Settings,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// BatchNorm by a mean and a variance that are constants, then a clip.
    fn layer_affine(
        map: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        settings: Settings,
    ) -> FloatTensor<Self>;

    /// The channels of two maps side by side.
    fn layer_concat(first: FloatTensor<Self>, second: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The largest value of each window.
    fn layer_max_pool(map: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;

    /// The mean of each window.
    fn layer_mean_pool(map: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;
}

impl LayerOps for Flex {
    fn layer_convolution(
        map: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        memory::release();
        conv::forward(map, weight, geometry)
    }

    fn layer_batch_norm(
        map: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        settings: Settings,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        batch_norm::batch(map, [gamma, beta], settings).into()
    }

    fn layer_affine(
        map: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        settings: Settings,
    ) -> FloatTensor<Self> {
        batch_norm::affine(map, [gamma, beta], [mean, variance], settings)
    }

    fn layer_concat(first: FloatTensor<Self>, second: FloatTensor<Self>) -> FloatTensor<Self> {
        concat::forward(first, second)
    }

    fn layer_max_pool(map: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        pool::max(map, window)
    }

    fn layer_mean_pool(map: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        pool::mean(map, window)
    }
}

impl<C: CheckpointStrategy> LayerOps for Autodiff<Flex, C> {
    fn layer_convolution(
        map: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        conv::recorded::<C>(map, weight, geometry)
    }

    fn layer_batch_norm(
        map: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        settings: Settings,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        batch_norm::recorded_batch::<C>(map, [gamma, beta], settings).into()
    }

    fn layer_affine(
        map: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        settings: Settings,
    ) -> FloatTensor<Self> {
        batch_norm::recorded_affine::<C>(map, [gamma, beta], [mean, variance], settings)
    }

    fn layer_concat(first: FloatTensor<Self>, second: FloatTensor<Self>) -> FloatTensor<Self> {
        concat::recorded::<C>(first, second)
    }

    fn layer_max_pool(map: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        pool::recorded_max::<C>(map, window)
    }

    fn layer_mean_pool(map: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        pool::recorded_mean::<C>(map, window)
    }
}
