//! MobileNetV2 as ONNX nodes (Sandler 2018, arXiv 1801.04381, table 2, width 1.0), under torchvision's names.

use super::GraphError;
use super::graph::Value;
use super::layers::{Conv, Layers};
use crate::architectures::mobilenet_v2::{Block, LAST, STEM, blocks};

/// From the image to the pooled features, `[1, 1280]`.
pub(crate) fn write(layers: &mut Layers<'_>, image: &Value) -> Result<Value, GraphError> {
    let six = layers.graph.floats("six", &[], &[6.0]);
    let zero = layers.graph.floats("zero", &[], &[0.0]);
    let mut net = Net { layers, zero, six };
    let stem = Conv { input: 3, output: STEM, kernel: 3, stride: 2, groups: 1 };
    let mut x = net.conv_relu6(image, "features.0", stem)?;
    let blocks = blocks();
    let mut channels = STEM;
    for block in &blocks {
        x = net.inverted_residual(&x, &format!("features.{}", block.index), block)?;
        channels = block.output;
    }
    let last = Conv { input: channels, output: LAST, kernel: 1, stride: 1, groups: 1 };
    let x = net.conv_relu6(&x, &format!("features.{}", blocks.len() + 1), last)?;
    Ok(net.layers.pooled(&x))
}

struct Net<'a, 'b> {
    layers: &'a mut Layers<'b>,
    zero: Value,
    six: Value,
}

impl Net<'_, '_> {
    /// Convolution `name.0`, BatchNorm `name.1`, ReLU6.
    fn conv_relu6(&mut self, x: &Value, name: &str, conv: Conv) -> Result<Value, GraphError> {
        let x = self.layers.conv(x, &format!("{name}.0"), Some(&format!("{name}.1")), conv)?;
        let x = self.layers.graph.node("Clip", &format!("{name}.2"), &[&x, &self.zero, &self.six], &[]);
        self.layers.quantise(&x)
    }

    fn inverted_residual(&mut self, x: &Value, name: &str, block: &Block) -> Result<Value, GraphError> {
        let hidden = block.hidden;
        let mut inner = x.clone();
        let mut part = 0;
        if block.expands() {
            let expand = Conv { input: block.input, output: hidden, kernel: 1, stride: 1, groups: 1 };
            inner = self.conv_relu6(&inner, &format!("{name}.conv.{part}"), expand)?;
            part += 1;
        }
        let depthwise =
            Conv { input: hidden, output: hidden, kernel: 3, stride: block.stride, groups: hidden };
        inner = self.conv_relu6(&inner, &format!("{name}.conv.{part}"), depthwise)?;
        part += 1;
        let project = Conv { input: hidden, output: block.output, kernel: 1, stride: 1, groups: 1 };
        let norm = format!("{name}.conv.{}", part + 1);
        inner = self.layers.conv(&inner, &format!("{name}.conv.{part}"), Some(&norm), project)?;
        inner = self.layers.quantise(&inner)?;
        if block.residual() {
            inner = self.layers.graph.node("Add", &format!("{name}.add"), &[x, &inner], &[]);
            inner = self.layers.quantise(&inner)?;
        }
        Ok(inner)
    }
}
