//! DenseNet (Huang, Liu, van der Maaten, Weinberger 2017, arXiv 1608.06993), the feature extractor of
//! torchvision's `densenet*`.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use xray_layers::Activation::{self, Relu};

use super::feature_map::FeatureMap;
use super::layers::{ConvGeometry, LayerLoader, TensorCollector};
use crate::architectures::densenet::DenseNetConfig;
use crate::weights::WeightsError;

/// Adds `growth` channels to a map.
#[derive(Module, Debug)]
struct DenseLayer {
    norm1: BatchNorm,
    conv1: Conv2d,
    norm2: BatchNorm,
    conv2: Conv2d,
}

impl DenseLayer {
    fn load(loader: &LayerLoader, at: &str) -> Result<Self, WeightsError> {
        Ok(DenseLayer {
            norm1: loader.norm(&format!("{at}.norm1"))?,
            conv1: loader.conv(&format!("{at}.conv1"), ConvGeometry::POINT)?,
            norm2: loader.norm(&format!("{at}.norm2"))?,
            conv2: loader.conv(&format!("{at}.conv2"), ConvGeometry { step: 1, pad: 1, groups: 1 })?,
        })
    }

    fn take(&self, at: &str, collector: &mut TensorCollector) {
        collector.norm(&format!("{at}.norm1"), &self.norm1);
        collector.conv(&format!("{at}.conv1"), &self.conv1);
        collector.norm(&format!("{at}.norm2"), &self.norm2);
        collector.conv(&format!("{at}.conv2"), &self.conv2);
    }

    fn forward(&self, map: FeatureMap) -> FeatureMap {
        let inner = map.clone().normalise(&self.norm1, Relu).convolve(&self.conv1);
        map.concat(inner.normalise(&self.norm2, Relu).convolve(&self.conv2))
    }
}

/// Halves channels and sides between two blocks.
#[derive(Module, Debug)]
struct Transition {
    norm: BatchNorm,
    conv: Conv2d,
    pool: AvgPool2d,
}

impl Transition {
    fn load(loader: &LayerLoader, at: &str) -> Result<Self, WeightsError> {
        Ok(Transition {
            norm: loader.norm(&format!("{at}.norm"))?,
            conv: loader.conv(&format!("{at}.conv"), ConvGeometry::POINT)?,
            pool: AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        })
    }

    fn forward(&self, map: FeatureMap) -> FeatureMap {
        map.normalise(&self.norm, Relu).convolve(&self.conv).mean_pool(&self.pool)
    }
}

/// The net up to its last BatchNorm.
#[derive(Module, Debug)]
pub struct DenseNet {
    conv0: Conv2d,
    norm0: BatchNorm,
    pool0: MaxPool2d,
    blocks: Vec<Vec<DenseLayer>>,
    transitions: Vec<Transition>,
    norm5: BatchNorm,
}

impl DenseNet {
    /// Takes the net out of a weight set that was checked against the plan.
    pub(crate) fn load(config: &DenseNetConfig, loader: &LayerLoader) -> Result<Self, WeightsError> {
        let mut blocks = Vec::new();
        let mut transitions = Vec::new();
        for (index, layers) in config.blocks.iter().enumerate() {
            let block = index + 1;
            blocks.push(
                (1..=*layers)
                    .map(|l| DenseLayer::load(loader, &format!("features.denseblock{block}.denselayer{l}")))
                    .collect::<Result<_, _>>()?,
            );
            if block < config.blocks.len() {
                transitions.push(Transition::load(loader, &format!("features.transition{block}"))?);
            }
        }
        Ok(DenseNet {
            conv0: loader.conv("features.conv0", ConvGeometry { step: 2, pad: 3, groups: 1 })?,
            norm0: loader.norm("features.norm0")?,
            pool0: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            blocks,
            transitions,
            norm5: loader.norm("features.norm5")?,
        })
    }

    /// The tensors as they are now.
    pub(crate) fn take(&self, collector: &mut TensorCollector) {
        collector.conv("features.conv0", &self.conv0);
        collector.norm("features.norm0", &self.norm0);
        for (index, block) in self.blocks.iter().enumerate() {
            for (layer, dense) in block.iter().enumerate() {
                let at = format!("features.denseblock{}.denselayer{}", index + 1, layer + 1);
                dense.take(&at, collector);
            }
        }
        for (index, transition) in self.transitions.iter().enumerate() {
            let at = format!("features.transition{}", index + 1);
            collector.norm(&format!("{at}.norm"), &transition.norm);
            collector.conv(&format!("{at}.conv"), &transition.conv);
        }
        collector.norm("features.norm5", &self.norm5);
    }

    /// The last feature map, `[n, features, s / 32, s / 32]`, after its ReLU. `observe` is shown the map
    /// after each stage under torchvision's name of it.
    pub(crate) fn forward(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, &Tensor<4>)) -> Tensor<4> {
        let first = FeatureMap::of_images(images).convolve(&self.conv0).normalise(&self.norm0, Relu);
        let mut map = first.max_pool(&self.pool0);
        observe("features.pool0", &map.channels_first());
        for (index, block) in self.blocks.iter().enumerate() {
            map = block.iter().fold(map, |map, layer| layer.forward(map));
            observe(&format!("features.denseblock{}", index + 1), &map.channels_first());
            if let Some(transition) = self.transitions.get(index) {
                map = transition.forward(map);
                observe(&format!("features.transition{}", index + 1), &map.channels_first());
            }
        }
        let map = map.normalise(&self.norm5, Activation::None).channels_first();
        observe("features.norm5", &map);
        relu(map)
    }
}
