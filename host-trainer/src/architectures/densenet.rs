//! The sizes and layers of DenseNet (Huang, Liu, van der Maaten, Weinberger 2017, arXiv 1608.06993).

use super::layer::Layer;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_and_features_are_those_of_the_names() {
        for (config, layers, features) in [(DENSENET169, 169, 1664), (DENSENET121, 121, 1024)] {
            let plan = config.plan();
            let convs = plan.iter().filter(|l| !matches!(l.kind, super::super::layer::LayerKind::Norm(_)));
            // The paper counts the classifier, which is not here.
            assert_eq!(convs.count() + 1, layers);
            assert_eq!(config.features(), features);
        }
    }
}
