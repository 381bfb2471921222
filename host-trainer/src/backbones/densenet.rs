//! DenseNet (Huang, Liu, van der Maaten, Weinberger 2017, arXiv 1608.06993), the feature extractor of
//! torchvision's `densenet*`.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use super::parts::{Parts, Stride, Taken};
use super::plan::Layer;
use crate::weights::WeightsError;

/// Output channels of the 1 × 1 convolution in a dense layer, as a multiple of the growth rate
/// (section 3 of the paper, "bottleneck layers").
const BOTTLENECK: usize = 4;

/// The sizes in which one DenseNet differs from another (table 1 of the paper).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DenseNetConfig {
    /// Channels that each dense layer adds.
    pub(crate) growth: usize,
    /// Channels after the first convolution.
    pub(crate) init: usize,
    /// Dense layers in each of the four blocks.
    pub(crate) blocks: [usize; 4],
}

/// DenseNet-169: 2 × (6 + 12 + 32 + 32) + 5 layers.
pub(crate) const DENSENET169: DenseNetConfig =
    DenseNetConfig { growth: 32, init: 64, blocks: [6, 12, 32, 32] };

/// DenseNet-121: 2 × (6 + 12 + 24 + 16) + 5 layers.
pub(crate) const DENSENET121: DenseNetConfig =
    DenseNetConfig { growth: 32, init: 64, blocks: [6, 12, 24, 16] };

impl DenseNetConfig {
    /// Channels between the two convolutions of a dense layer.
    pub(crate) fn bottleneck(&self) -> usize {
        BOTTLENECK * self.growth
    }

    /// Channels of the last map.
    #[cfg(test)]
    pub(crate) fn features(&self) -> usize {
        self.blocks.iter().enumerate().fold(self.init, |channels, (block, layers)| {
            let grown = channels + layers * self.growth;
            if block + 1 < self.blocks.len() { grown / 2 } else { grown }
        })
    }

    /// Every layer with weights, in the order in which an image meets them.
    pub(crate) fn plan(&self) -> Vec<Layer> {
        let mut plan =
            vec![Layer::conv("features.conv0", 3, self.init, 7), Layer::norm("features.norm0", self.init)];
        let mut channels = self.init;
        let inner = self.bottleneck();
        for (index, layers) in self.blocks.iter().enumerate() {
            let block = index + 1;
            for layer in 1..=*layers {
                let at = format!("features.denseblock{block}.denselayer{layer}");
                plan.push(Layer::norm(format!("{at}.norm1"), channels));
                plan.push(Layer::conv(format!("{at}.conv1"), channels, inner, 1));
                plan.push(Layer::norm(format!("{at}.norm2"), inner));
                plan.push(Layer::conv(format!("{at}.conv2"), inner, self.growth, 3));
                channels += self.growth;
            }
            if block < self.blocks.len() {
                let at = format!("features.transition{block}");
                plan.push(Layer::norm(format!("{at}.norm"), channels));
                plan.push(Layer::conv(format!("{at}.conv"), channels, channels / 2, 1));
                channels /= 2;
            }
        }
        plan.push(Layer::norm("features.norm5", channels));
        plan
    }
}

/// Adds `growth` channels to a map.
#[derive(Module, Debug)]
struct DenseLayer {
    norm1: BatchNorm,
    conv1: Conv2d,
    norm2: BatchNorm,
    conv2: Conv2d,
}

impl DenseLayer {
    fn load(parts: &Parts, at: &str) -> Result<Self, WeightsError> {
        Ok(DenseLayer {
            norm1: parts.norm(&format!("{at}.norm1"))?,
            conv1: parts.conv(&format!("{at}.conv1"), Stride::POINT)?,
            norm2: parts.norm(&format!("{at}.norm2"))?,
            conv2: parts.conv(&format!("{at}.conv2"), Stride { step: 1, pad: 1, groups: 1 })?,
        })
    }

    fn take(&self, at: &str, taken: &mut Taken) {
        taken.norm(&format!("{at}.norm1"), &self.norm1);
        taken.conv(&format!("{at}.conv1"), &self.conv1);
        taken.norm(&format!("{at}.norm2"), &self.norm2);
        taken.conv(&format!("{at}.conv2"), &self.conv2);
    }

    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let inner = self.conv1.forward(relu(self.norm1.forward(map.clone())));
        let new = self.conv2.forward(relu(self.norm2.forward(inner)));
        Tensor::cat(vec![map, new], 1)
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
    fn load(parts: &Parts, at: &str) -> Result<Self, WeightsError> {
        Ok(Transition {
            norm: parts.norm(&format!("{at}.norm"))?,
            conv: parts.conv(&format!("{at}.conv"), Stride::POINT)?,
            pool: AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        })
    }

    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        self.pool.forward(self.conv.forward(relu(self.norm.forward(map))))
    }
}

/// The net up to its last BatchNorm.
#[derive(Module, Debug)]
pub(crate) struct DenseNet {
    conv0: Conv2d,
    norm0: BatchNorm,
    pool0: MaxPool2d,
    blocks: Vec<Vec<DenseLayer>>,
    transitions: Vec<Transition>,
    norm5: BatchNorm,
}

impl DenseNet {
    /// Takes the net out of a weight set that was checked against the plan.
    pub(crate) fn load(config: &DenseNetConfig, parts: &Parts) -> Result<Self, WeightsError> {
        let mut blocks = Vec::new();
        let mut transitions = Vec::new();
        for (index, layers) in config.blocks.iter().enumerate() {
            let block = index + 1;
            blocks.push(
                (1..=*layers)
                    .map(|l| DenseLayer::load(parts, &format!("features.denseblock{block}.denselayer{l}")))
                    .collect::<Result<_, _>>()?,
            );
            if block < config.blocks.len() {
                transitions.push(Transition::load(parts, &format!("features.transition{block}"))?);
            }
        }
        Ok(DenseNet {
            conv0: parts.conv("features.conv0", Stride { step: 2, pad: 3, groups: 1 })?,
            norm0: parts.norm("features.norm0")?,
            pool0: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            blocks,
            transitions,
            norm5: parts.norm("features.norm5")?,
        })
    }

    /// The tensors as they are now.
    pub(crate) fn take(&self, taken: &mut Taken) {
        taken.conv("features.conv0", &self.conv0);
        taken.norm("features.norm0", &self.norm0);
        for (index, block) in self.blocks.iter().enumerate() {
            for (layer, dense) in block.iter().enumerate() {
                let at = format!("features.denseblock{}.denselayer{}", index + 1, layer + 1);
                dense.take(&at, taken);
            }
        }
        for (index, transition) in self.transitions.iter().enumerate() {
            let at = format!("features.transition{}", index + 1);
            taken.norm(&format!("{at}.norm"), &transition.norm);
            taken.conv(&format!("{at}.conv"), &transition.conv);
        }
        taken.norm("features.norm5", &self.norm5);
    }

    /// The last feature map, `[n, features, s / 32, s / 32]`, after its ReLU. `observe` is shown the map
    /// after each stage under torchvision's name of it.
    pub(crate) fn forward(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, &Tensor<4>)) -> Tensor<4> {
        let mut map = self.pool0.forward(relu(self.norm0.forward(self.conv0.forward(images))));
        observe("features.pool0", &map);
        for (index, block) in self.blocks.iter().enumerate() {
            map = block.iter().fold(map, |map, layer| layer.forward(map));
            observe(&format!("features.denseblock{}", index + 1), &map);
            if let Some(transition) = self.transitions.get(index) {
                map = transition.forward(map);
                observe(&format!("features.transition{}", index + 1), &map);
            }
        }
        let map = self.norm5.forward(map);
        observe("features.norm5", &map);
        relu(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_and_features_are_those_of_the_names() {
        for (config, layers, features) in [(DENSENET169, 169, 1664), (DENSENET121, 121, 1024)] {
            let plan = config.plan();
            let convs = plan.iter().filter(|l| !matches!(l.kind, super::super::plan::LayerKind::Norm(_)));
            // The paper counts the classifier, which is not here.
            assert_eq!(convs.count() + 1, layers);
            assert_eq!(config.features(), features);
        }
    }
}
