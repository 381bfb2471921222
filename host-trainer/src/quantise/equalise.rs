//! Cross-layer equalisation: brings the channels of an activation to similar ranges, so that one scale fits all.
//!
//! A channel may be multiplied by any factor if everything that reads it divides by the same (Nagel 2019, arXiv
//! 1906.04721, section 4.1). Between linear layers that is exact. In front of a ReLU6 it is exact as long as the
//! channel stays below 6 when multiplied, so that factors are bounded by what was seen on the calibration
//! images. What is gained in the activation is partly lost in the weights that read it, save in a depthwise
//! convolution, where each channel has a scale of its own; elsewhere the factor is the square root of what
//! would make the ranges equal.

use std::collections::BTreeMap;

use crate::architectures::{Architecture, BackboneKind, mobilenet_v2};
use crate::weights::{Array, WeightSet};

/// Where ReLU6 ends.
const SIX: f32 = 6.0;

/// How far above the largest value seen a ReLU6 may cut.
const MARGIN: f32 = 1.125;

/// Largest factor; a channel that is nearly always zero is not worth more.
const LARGEST: f32 = 64.0;

/// Factors are multiples of this.
const GRAIN: f32 = 1.0 / 16.0;

/// Channels that may be multiplied together.
struct ChannelGroup {
    /// Names of the activations in the graph, without the backbone's; the first names the stream.
    activations: Vec<String>,
    /// BatchNorms that make the channels.
    norms: Vec<String>,
    /// Convolutions that read them.
    readers: Vec<String>,
    kind: GroupKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupKind {
    /// Behind a ReLU6, read by a depthwise convolution.
    Depthwise,
    /// Behind a ReLU6, read by a full convolution.
    Clipped,
    /// Without an activation function.
    Linear,
}

/// The streams of a net. DenseNet has a BatchNorm of its own in front of every reader, and no need of this.
fn streams(kind: BackboneKind) -> Vec<ChannelGroup> {
    match kind.architecture() {
        Architecture::DenseNet(_) => Vec::new(),
        Architecture::MobileNetV2 => mobilenet_v2(),
    }
}

fn mobilenet_v2() -> Vec<ChannelGroup> {
    let one = |at: &str, reader: String, kind| ChannelGroup {
        activations: vec![format!("{at}.2")],
        norms: vec![format!("{at}.1")],
        readers: vec![reader],
        kind,
    };
    let mut streams = Vec::new();
    let mut wide = "features.0".to_owned();
    let mut stage: Option<ChannelGroup> = None;
    for block in mobilenet_v2::blocks() {
        let at = format!("features.{}.conv", block.index);
        let first = usize::from(block.expands());
        if block.expands() {
            if let Some(stage) = &mut stage {
                stage.readers.push(format!("{at}.0.0"));
            }
            wide = format!("{at}.0");
        }
        let depthwise = format!("{at}.{first}");
        streams.push(one(&wide, format!("{depthwise}.0"), GroupKind::Depthwise));
        streams.push(one(&depthwise, format!("{at}.{}", first + 1), GroupKind::Clipped));
        let (project, norm) = (format!("{at}.{}", first + 1), format!("{at}.{}", first + 2));
        if !block.residual() {
            streams.extend(stage.take());
        }
        let stage = stage.get_or_insert_with(|| ChannelGroup {
            activations: Vec::new(),
            norms: Vec::new(),
            readers: Vec::new(),
            kind: GroupKind::Linear,
        });
        stage.activations.push(project);
        stage.norms.push(norm);
        if block.residual() {
            stage.activations.push(format!("features.{}.add", block.index));
        }
    }
    if let Some(mut last) = stage {
        last.readers.push("features.18.0".to_owned());
        streams.push(last);
    }
    streams
}

/// Factors of each stream of `kind`, by the name of its first activation. `largest` gives the largest
/// magnitude of each channel of an activation, by its name in the graph.
pub(crate) fn factors(kind: BackboneKind, largest: &BTreeMap<&str, &[f32]>) -> BTreeMap<String, Vec<f32>> {
    let mut factors = BTreeMap::new();
    for stream in streams(kind) {
        let mut tops: Vec<f32> = Vec::new();
        for name in &stream.activations {
            if let Some(seen) = largest.get(format!("{}/{name}", kind.name()).as_str()) {
                tops.resize(seen.len(), 0.0);
                tops.iter_mut().zip(*seen).for_each(|(top, seen)| *top = top.max(*seen));
            }
        }
        let of_stream = tops.iter().map(|top| factor(stream.kind, *top, &tops)).collect();
        factors.insert(format!("{}/{}", kind.name(), stream.activations[0]), of_stream);
    }
    factors
}

fn factor(kind: GroupKind, top: f32, tops: &[f32]) -> f32 {
    let widest = match kind {
        GroupKind::Linear => tops.iter().fold(0.0_f32, |widest, top| widest.max(*top)),
        GroupKind::Depthwise | GroupKind::Clipped => SIX / MARGIN,
    };
    // A channel that is always zero may stay as it is.
    let ratio = if top > 0.0 { (widest / top).clamp(1.0, LARGEST) } else { 1.0 };
    let factor = if kind == GroupKind::Depthwise { ratio } else { ratio.sqrt() };
    // Downwards: a ReLU6 must not cut earlier.
    (factor / GRAIN).floor() * GRAIN
}

/// `set` with every stream multiplied by its factors; a stream that has none stays.
pub(crate) fn equalised(set: &WeightSet, factors: &BTreeMap<String, Vec<f32>>) -> WeightSet {
    let mut set = set.clone();
    for stream in streams(set.backbone) {
        let Some(factors) = factors.get(&format!("{}/{}", set.backbone.name(), stream.activations[0])) else {
            continue;
        };
        for norm in &stream.norms {
            for part in ["weight", "bias"] {
                if let Some(array) = set.tensors.get_mut(&format!("{norm}.{part}")) {
                    array.data.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
                }
            }
        }
        for reader in &stream.readers {
            if let Some(array) = set.tensors.get_mut(&format!("{reader}.weight")) {
                divide(array, factors, stream.kind == GroupKind::Depthwise);
            }
        }
    }
    set
}

/// Divides what reads channel `c` by factor `c`; a depthwise convolution has its channels in the first axis.
fn divide(weight: &mut Array, factors: &[f32], depthwise: bool) {
    let (outputs, inputs) = (weight.shape.first().copied(), weight.shape.get(1).copied());
    let channels = if depthwise { outputs } else { inputs };
    let window: usize = weight.shape.iter().skip(2).product();
    if channels != Some(factors.len()) || window == 0 {
        return;
    }
    for (row, weights) in weight.data.chunks_exact_mut(window).enumerate() {
        // Rows go through the inputs of the first output, then the second; depthwise has one input each.
        let factor = factors[row % factors.len()];
        weights.iter_mut().for_each(|weight| *weight /= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_in_its_streams() {
        let streams = mobilenet_v2();
        let count = |kind| streams.iter().filter(|stream| stream.kind == kind).count();
        // 17 blocks; 7 rows of table 2 of the paper, each with one width.
        assert_eq!(
            (count(GroupKind::Depthwise), count(GroupKind::Clipped), count(GroupKind::Linear)),
            (17, 17, 7)
        );
        let names: std::collections::BTreeSet<String> =
            BackboneKind::MobilenetV2.parameters().into_iter().map(|(name, _)| name).collect();
        for stream in &streams {
            for part in stream.norms.iter().chain(&stream.readers) {
                assert!(names.contains(&format!("{part}.weight")), "{part}");
            }
        }
        let readers: usize = streams.iter().map(|stream| stream.readers.len()).sum();
        // All 52 convolutions but the first.
        assert_eq!(readers, 51);
        let stage = streams.iter().find(|stream| stream.norms.len() == 2).unwrap();
        assert_eq!(stage.activations, ["features.2.conv.2", "features.3.conv.2", "features.3.add"]);
        assert_eq!(stage.readers, ["features.3.conv.0.0", "features.4.conv.0.0"]);
    }

    #[test]
    fn factors_by_hand() {
        // 6 / 1.125 = 5.333 is the most that a ReLU6 lets through: 5.333 / 1 is 85 sixteenths.
        assert_eq!(factor(GroupKind::Depthwise, 1.0, &[]), 5.3125);
        // Its root is 2.309, 36 sixteenths.
        assert_eq!(factor(GroupKind::Clipped, 1.0, &[]), 2.25);
        assert_eq!(factor(GroupKind::Clipped, 6.0, &[]), 1.0);
        assert_eq!(factor(GroupKind::Linear, 1.0, &[1.0, 16.0, 4.0]), 4.0);
        assert_eq!(factor(GroupKind::Linear, 0.0, &[0.0, 16.0]), 1.0);
        assert_eq!(factor(GroupKind::Depthwise, 1e-6, &[]), 64.0);
    }

    #[test]
    fn dividing_by_hand() {
        let mut full = Array { shape: vec![2, 2, 1, 1], data: vec![8.0, 8.0, 4.0, 4.0] };
        divide(&mut full, &[2.0, 4.0], false);
        assert_eq!(full.data, [4.0, 2.0, 2.0, 1.0]);
        let mut depthwise = Array { shape: vec![2, 1, 1, 2], data: vec![8.0, 8.0, 4.0, 4.0] };
        divide(&mut depthwise, &[2.0, 4.0], true);
        assert_eq!(depthwise.data, [4.0, 4.0, 1.0, 1.0]);
    }
}
