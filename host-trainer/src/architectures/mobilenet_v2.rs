//! The layers of MobileNetV2, width 1.0 (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, arXiv 1801.04381).

use super::layer::Layer;

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
    pub(crate) fn names(&self) -> (Option<[String; 2]>, [String; 2], [String; 2]) {
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
