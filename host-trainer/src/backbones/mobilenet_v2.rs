//! MobileNetV2, width 1.0 (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, arXiv 1801.04381), the feature
//! extractor of torchvision's `mobilenet_v2`.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;
use xray_layers::Activation::{self, None as Linear, Relu6};

use super::feature_map::FeatureMap;
use super::layers::{ConvGeometry, LayerLoader, TensorCollector};
use crate::architectures::mobilenet_v2::{Block, blocks};
use crate::weights::WeightsError;

/// A convolution and its BatchNorm.
#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn load(
        loader: &LayerLoader,
        [conv, norm]: &[String; 2],
        stride: ConvGeometry,
    ) -> Result<Self, WeightsError> {
        Ok(ConvNorm { conv: loader.conv(conv, stride)?, norm: loader.norm(norm)? })
    }

    fn take(&self, [conv, norm]: &[String; 2], collector: &mut TensorCollector) {
        collector.conv(conv, &self.conv);
        collector.norm(norm, &self.norm);
    }

    fn forward(&self, map: FeatureMap, activation: Activation) -> FeatureMap {
        map.convolve(&self.conv).normalise(&self.norm, activation)
    }
}

#[derive(Module, Debug)]
struct InvertedResidual {
    expand: Option<ConvNorm>,
    depthwise: ConvNorm,
    project: ConvNorm,
    residual: bool,
}

impl InvertedResidual {
    fn load(loader: &LayerLoader, block: &Block) -> Result<Self, WeightsError> {
        let (expand, depthwise, project) = block.names();
        let stride = ConvGeometry { step: block.stride, pad: 1, groups: block.hidden };
        Ok(InvertedResidual {
            expand: expand.map(|names| ConvNorm::load(loader, &names, ConvGeometry::POINT)).transpose()?,
            depthwise: ConvNorm::load(loader, &depthwise, stride)?,
            project: ConvNorm::load(loader, &project, ConvGeometry::POINT)?,
            residual: block.residual(),
        })
    }

    /// ReLU6 follows all but the last convolution: sections 3 and 4 of the paper.
    fn forward(&self, map: FeatureMap) -> FeatureMap {
        let wide = match &self.expand {
            Some(expand) => expand.forward(map.clone(), Relu6),
            None => map.clone(),
        };
        let out = self.project.forward(self.depthwise.forward(wide, Relu6), Linear);
        if self.residual { map.add(out) } else { out }
    }
}

/// The net up to its last convolution.
#[derive(Module, Debug)]
pub struct MobileNetV2 {
    stem: ConvNorm,
    blocks: Vec<InvertedResidual>,
    last: ConvNorm,
}

impl MobileNetV2 {
    /// Takes the net out of a weight set that was checked against the plan.
    pub(crate) fn load(loader: &LayerLoader) -> Result<Self, WeightsError> {
        let pair = |i: usize| [format!("features.{i}.0"), format!("features.{i}.1")];
        let blocks = blocks();
        Ok(MobileNetV2 {
            stem: ConvNorm::load(loader, &pair(0), ConvGeometry { step: 2, pad: 1, groups: 1 })?,
            last: ConvNorm::load(loader, &pair(blocks.len() + 1), ConvGeometry::POINT)?,
            blocks: blocks.iter().map(|b| InvertedResidual::load(loader, b)).collect::<Result<_, _>>()?,
        })
    }

    /// The tensors as they are now.
    pub(crate) fn take(&self, collector: &mut TensorCollector) {
        let pair = |i: usize| [format!("features.{i}.0"), format!("features.{i}.1")];
        self.stem.take(&pair(0), collector);
        for (block, residual) in blocks().iter().zip(&self.blocks) {
            let (expand, depthwise, project) = block.names();
            if let (Some(names), Some(layer)) = (expand, &residual.expand) {
                layer.take(&names, collector);
            }
            residual.depthwise.take(&depthwise, collector);
            residual.project.take(&project, collector);
        }
        self.last.take(&pair(self.blocks.len() + 1), collector);
    }

    /// The last feature map, `[n, 1280, s / 32, s / 32]`, after its ReLU6. `observe` is shown the map after
    /// each stage under torchvision's name of it.
    pub(crate) fn forward(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, &Tensor<4>)) -> Tensor<4> {
        let mut map = self.stem.forward(FeatureMap::of_images(images), Relu6);
        observe("features.0", &map.channels_first());
        for (index, block) in self.blocks.iter().enumerate() {
            map = block.forward(map);
            observe(&format!("features.{}", index + 1), &map.channels_first());
        }
        let map = self.last.forward(map, Relu6).channels_first();
        observe(&format!("features.{}", self.blocks.len() + 1), &map);
        map
    }
}
