//! A map between two layers of a backbone, and the layers that act on it: on a CPU those of `xray_layers`, elsewhere
//! burn's.

use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, MaxPool2d};
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{Tensor, activation};
use xray_layers::{Activation, Geometry};

/// A map in the layout of the layers that act on it.
pub(super) enum FeatureMap {
    /// `[images, channels, height, width]`, for burn's layers.
    ChannelsFirst(Tensor<4>),
    /// `[images, height, width, channels]`, for those of `xray_layers`.
    ChannelsLast(Tensor<4>),
}

use FeatureMap::{ChannelsFirst, ChannelsLast};

impl FeatureMap {
    /// Takes images, `[images, 3, size, size]`.
    pub fn of_images(images: Tensor<4>) -> Self {
        if xray_layers::supports(&images) {
            ChannelsLast(images.permute([0, 2, 3, 1]))
        } else {
            ChannelsFirst(images)
        }
    }

    /// The map as `[images, channels, height, width]`.
    pub fn channels_first(&self) -> Tensor<4> {
        match self {
            ChannelsFirst(map) => map.clone(),
            ChannelsLast(map) => map.clone().permute([0, 3, 1, 2]),
        }
    }

    pub fn convolve(self, conv: &Conv2d) -> Self {
        match self {
            ChannelsFirst(map) => ChannelsFirst(conv.forward(map)),
            ChannelsLast(map) => {
                let (padding, groups) = (padding(&conv.padding), conv.groups);
                let geometry = Geometry { stride: conv.stride[0], padding, groups };
                ChannelsLast(xray_layers::convolution(map, conv.weight.val(), geometry))
            }
        }
    }

    /// BatchNorm and the activation behind it.
    pub fn normalise(self, norm: &BatchNorm, activation: Activation) -> Self {
        match self {
            ChannelsFirst(map) => {
                let map = norm.forward(map);
                ChannelsFirst(match activation {
                    Activation::None => map,
                    Activation::Relu => activation::relu(map),
                    Activation::Relu6 => map.clamp(0.0, 6.0),
                })
            }
            ChannelsLast(map) => ChannelsLast(normalise(map, norm, activation)),
        }
    }

    /// The channels of both maps.
    ///
    /// Both maps come from the same images and so have the same layout.
    pub fn concat(self, other: Self) -> Self {
        match self {
            ChannelsFirst(map) => ChannelsFirst(Tensor::cat(vec![map, other.channels_first()], 1)),
            ChannelsLast(map) => ChannelsLast(xray_layers::concat(map, other.channels_last())),
        }
    }

    pub fn add(self, other: Self) -> Self {
        match self {
            ChannelsFirst(map) => ChannelsFirst(map + other.channels_first()),
            ChannelsLast(map) => ChannelsLast(map + other.channels_last()),
        }
    }

    pub fn max_pool(self, pool: &MaxPool2d) -> Self {
        match self {
            ChannelsFirst(map) => ChannelsFirst(pool.forward(map)),
            ChannelsLast(map) => {
                let geometry =
                    Geometry { stride: pool.stride[0], padding: padding(&pool.padding), groups: 1 };
                ChannelsLast(xray_layers::max_pool(map, pool.kernel_size[0], geometry))
            }
        }
    }

    /// Means of squares that lie side by side.
    pub fn mean_pool(self, pool: &AvgPool2d) -> Self {
        match self {
            ChannelsFirst(map) => ChannelsFirst(pool.forward(map)),
            ChannelsLast(map) => {
                ChannelsLast(xray_layers::mean_pool(map, pool.kernel_size[0], pool.stride[0]))
            }
        }
    }

    fn channels_last(self) -> Tensor<4> {
        match self {
            ChannelsFirst(map) => map.permute([0, 2, 3, 1]),
            ChannelsLast(map) => map,
        }
    }
}

impl Clone for FeatureMap {
    fn clone(&self) -> Self {
        match self {
            ChannelsFirst(map) => ChannelsFirst(map.clone()),
            ChannelsLast(map) => ChannelsLast(map.clone()),
        }
    }
}

/// Which statistics normalise, and how the running ones move, is as in burn's `BatchNorm::forward`.
fn normalise(map: Tensor<4>, norm: &BatchNorm, activation: Activation) -> Tensor<4> {
    let parameters = xray_layers::BatchNorm {
        gamma: norm.gamma.val(),
        beta: norm.beta.val(),
        epsilon: norm.epsilon,
        activation,
    };
    let device = map.device();
    if !(device.is_autodiff() && norm.training.is_enabled()) {
        let statistics =
            [&norm.running_mean, &norm.running_var].map(|state| state.value().to_device(&device));
        let [mean, variance] = statistics;
        return xray_layers::frozen_batch_norm(map, parameters, mean, variance);
    }
    let normalised = xray_layers::batch_norm(map, parameters);
    let moved = [(&norm.running_mean, normalised.mean), (&norm.running_var, normalised.variance)];
    for (running, of_batch) in moved {
        let kept = running.value_sync().to_device(&device).mul_scalar(1.0 - norm.momentum);
        running.update(kept.add(of_batch.mul_scalar(norm.momentum)).detach());
    }
    normalised.map
}

/// Rows above, columns on the left, rows below, columns on the right. The backbones say them, or that there are none.
fn padding(config: &PaddingConfig2d) -> [usize; 4] {
    match *config {
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right],
        PaddingConfig2d::Valid | PaddingConfig2d::Same => [0; 4],
    }
}
