//! MobileNetV2, width 1.0 (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, arXiv 1801.04381), the feature
//! extractor of torchvision's `mobilenet_v2`.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;

use super::parts::{Parts, Stride, Taken};
use super::plan::Layer;
use crate::weights::WeightsError;

/// Channels after the first convolution.
pub(crate) const STEM: usize = 32;

/// Channels after the last convolution.
pub(crate) const LAST: usize = 1280;

/// Table 2 of the paper: expansion, output channels, number of blocks, stride of the first of them.
const STAGES: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];

/// One inverted residual block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    /// Place in `features`; also the number in Keras's names, plus one.
    pub(crate) index: usize,
    /// Channels that come in.
    pub(crate) input: usize,
    /// Channels between the two 1 × 1 convolutions.
    pub(crate) hidden: usize,
    /// Channels that go out.
    pub(crate) output: usize,
    /// Step of the depthwise convolution.
    pub(crate) stride: usize,
}

impl Block {
    /// Whether the input is widened first; the first block of the net is not.
    pub(crate) fn expands(&self) -> bool {
        self.hidden != self.input
    }

    /// Whether the input is added to the output.
    pub(crate) fn residual(&self) -> bool {
        self.stride == 1 && self.input == self.output
    }

    /// Names of: expansion and its norm if there is one, depthwise and its norm, projection and its norm.
    fn names(&self) -> (Option<[String; 2]>, [String; 2], [String; 2]) {
        let at = format!("features.{}.conv", self.index);
        let pair = |i: usize| [format!("{at}.{i}.0"), format!("{at}.{i}.1")];
        let first = usize::from(self.expands());
        let project = [format!("{at}.{}", first + 1), format!("{at}.{}", first + 2)];
        (self.expands().then(|| pair(0)), pair(first), project)
    }
}

/// The 17 blocks in order.
pub(crate) fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut input = STEM;
    for (expansion, output, count, first_stride) in STAGES {
        for repeat in 0..count {
            let stride = if repeat == 0 { first_stride } else { 1 };
            blocks.push(Block { index: blocks.len() + 1, input, hidden: input * expansion, output, stride });
            input = output;
        }
    }
    blocks
}

/// Every layer with weights, in the order in which an image meets them.
pub(crate) fn plan() -> Vec<Layer> {
    let mut plan = vec![Layer::conv("features.0.0", 3, STEM, 3), Layer::norm("features.0.1", STEM)];
    let mut channels = STEM;
    for block in blocks() {
        let (expand, depthwise, project) = block.names();
        if let Some([conv, norm]) = expand {
            plan.push(Layer::conv(conv, block.input, block.hidden, 1));
            plan.push(Layer::norm(norm, block.hidden));
        }
        let [conv, norm] = depthwise;
        plan.push(Layer::depthwise(conv, block.hidden, 3));
        plan.push(Layer::norm(norm, block.hidden));
        let [conv, norm] = project;
        plan.push(Layer::conv(conv, block.hidden, block.output, 1));
        plan.push(Layer::norm(norm, block.output));
        channels = block.output;
    }
    plan.push(Layer::conv("features.18.0", channels, LAST, 1));
    plan.push(Layer::norm("features.18.1", LAST));
    plan
}

/// `relu6`, section 3 of the paper.
fn relu6(map: Tensor<4>) -> Tensor<4> {
    map.clamp(0.0, 6.0)
}

/// A convolution and its BatchNorm.
#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn load(parts: &Parts, [conv, norm]: &[String; 2], stride: Stride) -> Result<Self, WeightsError> {
        Ok(ConvNorm { conv: parts.conv(conv, stride)?, norm: parts.norm(norm)? })
    }

    fn take(&self, [conv, norm]: &[String; 2], taken: &mut Taken) {
        taken.conv(conv, &self.conv);
        taken.norm(norm, &self.norm);
    }

    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(map))
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
    fn load(parts: &Parts, block: &Block) -> Result<Self, WeightsError> {
        let (expand, depthwise, project) = block.names();
        let stride = Stride { step: block.stride, pad: 1, groups: block.hidden };
        Ok(InvertedResidual {
            expand: expand.map(|names| ConvNorm::load(parts, &names, Stride::POINT)).transpose()?,
            depthwise: ConvNorm::load(parts, &depthwise, stride)?,
            project: ConvNorm::load(parts, &project, Stride::POINT)?,
            residual: block.residual(),
        })
    }

    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let wide = match &self.expand {
            Some(expand) => relu6(expand.forward(map.clone())),
            None => map.clone(),
        };
        let out = self.project.forward(relu6(self.depthwise.forward(wide)));
        if self.residual { map + out } else { out }
    }
}

/// The net up to its last convolution.
#[derive(Module, Debug)]
pub(crate) struct MobileNetV2 {
    stem: ConvNorm,
    blocks: Vec<InvertedResidual>,
    last: ConvNorm,
}

impl MobileNetV2 {
    /// Takes the net out of a weight set that was checked against the plan.
    pub(crate) fn load(parts: &Parts) -> Result<Self, WeightsError> {
        let pair = |i: usize| [format!("features.{i}.0"), format!("features.{i}.1")];
        let blocks = blocks();
        Ok(MobileNetV2 {
            stem: ConvNorm::load(parts, &pair(0), Stride { step: 2, pad: 1, groups: 1 })?,
            last: ConvNorm::load(parts, &pair(blocks.len() + 1), Stride::POINT)?,
            blocks: blocks.iter().map(|b| InvertedResidual::load(parts, b)).collect::<Result<_, _>>()?,
        })
    }

    /// The tensors as they are now.
    pub(crate) fn take(&self, taken: &mut Taken) {
        let pair = |i: usize| [format!("features.{i}.0"), format!("features.{i}.1")];
        self.stem.take(&pair(0), taken);
        for (block, residual) in blocks().iter().zip(&self.blocks) {
            let (expand, depthwise, project) = block.names();
            if let (Some(names), Some(layer)) = (expand, &residual.expand) {
                layer.take(&names, taken);
            }
            residual.depthwise.take(&depthwise, taken);
            residual.project.take(&project, taken);
        }
        self.last.take(&pair(self.blocks.len() + 1), taken);
    }

    /// The last feature map, `[n, 1280, s / 32, s / 32]`, after its ReLU6. `observe` is shown the map after
    /// each stage under torchvision's name of it.
    pub(crate) fn forward(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, &Tensor<4>)) -> Tensor<4> {
        let mut map = relu6(self.stem.forward(images));
        observe("features.0", &map);
        for (index, block) in self.blocks.iter().enumerate() {
            map = block.forward(map);
            observe(&format!("features.{}", index + 1), &map);
        }
        let map = relu6(self.last.forward(map));
        observe(&format!("features.{}", self.blocks.len() + 1), &map);
        map
    }
}
