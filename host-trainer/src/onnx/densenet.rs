//! DenseNet as ONNX nodes (Huang 2017, arXiv 1608.06993, table 1), under torchvision's names.

use super::GraphError;
use super::graph::{Attribute, Value};
use super::layers::{Conv, Layers};
use crate::architectures::densenet::DenseNetConfig;
use crate::weights::Padding;

/// From the image to the pooled features, `[1, features]`.
pub(crate) fn write(
    layers: &mut Layers<'_>,
    config: &DenseNetConfig,
    image: &Value,
) -> Result<Value, GraphError> {
    if layers.set.conventions.padding != Padding::Symmetric {
        // No framework trains DenseNet so, and the stem's pads would be a guess.
        return Err(GraphError::Padding { backbone: layers.set.backbone.name() });
    }
    let mut x = stem(layers, config, image)?;
    let mut channels = config.init;
    for (index, &count) in config.blocks.iter().enumerate() {
        let block = index + 1;
        for layer in 1..=count {
            let name = format!("features.denseblock{block}.denselayer{layer}");
            let added = dense_layer(layers, config, &x, &name, channels)?;
            let both =
                layers.graph.node("Concat", &format!("{name}.concat"), &[&x, &added], &[AXIS_CHANNELS]);
            layers.activations.record_concat(&both, [(&x, channels), (&added, config.growth)]);
            x = both;
            channels += config.growth;
        }
        if block < config.blocks.len() {
            x = transition(layers, &x, &format!("features.transition{block}"), channels)?;
            channels /= 2;
        }
    }
    let normed = layers.norm(&x, "features.norm5", channels)?;
    let active = layers.relu(&normed, "features.relu5");
    Ok(layers.pooled(&active))
}

const AXIS_CHANNELS: (&str, Attribute) = ("axis", Attribute::Int(1));

fn stem(layers: &mut Layers<'_>, config: &DenseNetConfig, image: &Value) -> Result<Value, GraphError> {
    let conv = Conv { input: 3, output: config.init, kernel: 7, stride: 2, groups: 1 };
    let x = layers.conv(image, "features.conv0", Some("features.norm0"), conv)?;
    let x = layers.relu(&x, "features.relu0");
    let x = layers.quantise(&x)?;
    let attributes = [
        ("kernel_shape", Attribute::Ints(vec![3, 3])),
        ("pads", Attribute::Ints(vec![1, 1, 1, 1])),
        ("strides", Attribute::Ints(vec![2, 2])),
    ];
    let pooled = layers.graph.node("MaxPool", "features.pool0", &[&x], &attributes);
    Ok(layers.quantise_like(&pooled, &x))
}

fn dense_layer(
    layers: &mut Layers<'_>,
    config: &DenseNetConfig,
    x: &Value,
    name: &str,
    channels: usize,
) -> Result<Value, GraphError> {
    let x = layers.norm(x, &format!("{name}.norm1"), channels)?;
    let x = layers.relu(&x, &format!("{name}.relu1"));
    let x = layers.quantise(&x)?;
    let narrow = Conv { input: channels, output: config.bottleneck(), kernel: 1, stride: 1, groups: 1 };
    let x = layers.conv(&x, &format!("{name}.conv1"), Some(&format!("{name}.norm2")), narrow)?;
    let x = layers.relu(&x, &format!("{name}.relu2"));
    let x = layers.quantise(&x)?;
    let grow = Conv { input: config.bottleneck(), output: config.growth, kernel: 3, stride: 1, groups: 1 };
    let x = layers.conv(&x, &format!("{name}.conv2"), None, grow)?;
    layers.quantise(&x)
}

/// The 1x1 convolution is linear and has no bias, so that the mean over 2x2 may be taken before it as well as
/// after it; before it the convolution has a quarter of the work.
fn transition(layers: &mut Layers<'_>, x: &Value, name: &str, channels: usize) -> Result<Value, GraphError> {
    let x = layers.norm(x, &format!("{name}.norm"), channels)?;
    let x = layers.relu(&x, &format!("{name}.relu"));
    let attributes =
        [("kernel_shape", Attribute::Ints(vec![2, 2])), ("strides", Attribute::Ints(vec![2, 2]))];
    let x = layers.graph.node("AveragePool", &format!("{name}.pool"), &[&x], &attributes);
    let x = layers.quantise(&x)?;
    let halve = Conv { input: channels, output: channels / 2, kernel: 1, stride: 1, groups: 1 };
    let x = layers.conv(&x, &format!("{name}.conv"), None, halve)?;
    layers.quantise(&x)
}
