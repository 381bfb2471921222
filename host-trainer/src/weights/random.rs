//! Random weights with which a net still sees: for demos and tests, where no trained ones are at hand.
//!
//! Convolutions are drawn with He's deviation (He 2015, arXiv 1502.01852). The statistics of each BatchNorm
//! are not measured but computed from the drawn weights, under the assumption that what comes out of a
//! BatchNorm is standard normal; so nothing grows or vanishes with depth, and the mean that all images
//! share is taken off. Only integer arithmetic, IEEE additions, products and square roots are used, so every
//! platform draws the same weights.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use xray_core::preprocess::{IMAGENET_MEAN, IMAGENET_STD};

use super::{Array, Conventions, Padding, Provenance, WeightSet};
use crate::architectures::layer::{Layer, LayerKind};
use crate::architectures::{Architecture, BackboneKind, mobilenet_v2};

/// Mean and variance of the values of one channel.
#[derive(Debug, Clone, Copy)]
struct Moments {
    mean: f64,
    variance: f64,
}

/// Pixels after normalisation, roughly.
const PIXELS: Moments = Moments { mean: 0.0, variance: 1.0 };

/// `max(0, x)` of a standard normal `x`: mean `1/sqrt(2 pi)`, variance `1/2 - 1/(2 pi)`.
const RECTIFIED: Moments = Moments { mean: 0.398_942_280_4, variance: 0.340_845_056_9 };

/// Share of the variance that is left after 2 × 2 averaging of neighbours that are alike.
const AVERAGED: f64 = 0.6;

impl WeightSet {
    /// Weights drawn from `seed`, the same on every platform, with torchvision's conventions.
    pub fn random(kind: BackboneKind, seed: u64) -> WeightSet {
        let mut bytes = [0u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        for (to, from) in bytes[8..].iter_mut().zip(kind.name().bytes()) {
            *to = from;
        }
        let mut draw = Draw { rng: ChaCha8Rng::from_seed(bytes), tensors: BTreeMap::new() };
        let plan = kind.plan();
        match kind.architecture() {
            Architecture::DenseNet(_) => densenet(&plan, &mut draw),
            Architecture::MobileNetV2 => mobilenet_v2(&plan, &mut draw),
        }
        WeightSet {
            backbone: kind,
            conventions: Conventions {
                padding: Padding::Symmetric,
                bn_epsilon: 1e-5,
                input_mean: IMAGENET_MEAN,
                input_std: IMAGENET_STD,
            },
            provenance: Provenance::Random { seed },
            tensors: draw.tensors,
        }
    }
}

struct Draw {
    rng: ChaCha8Rng,
    tensors: BTreeMap<String, Array>,
}

impl Draw {
    /// Nearly standard normal: the sum of eight uniform 16-bit numbers, centred and divided by its
    /// deviation `sqrt(8 (2^32 - 1) / 12)`.
    fn normal(&mut self) -> f64 {
        let (a, b) = (self.rng.next_u64(), self.rng.next_u64());
        let sum: u64 = (0..4).map(|i| ((a >> (16 * i)) & 0xffff) + ((b >> (16 * i)) & 0xffff)).sum();
        (sum as f64 - 262_140.0) / 53_509.974_4
    }

    /// Draws a convolution and says what comes out of it, per channel.
    fn conv(&mut self, layer: &Layer, shape: [usize; 4], input: Moments) -> Vec<Moments> {
        let fan_in = shape[1] * shape[2] * shape[3];
        let deviation = (2.0 / fan_in as f64).sqrt();
        let data: Vec<f32> = (0..shape[0] * fan_in).map(|_| (self.normal() * deviation) as f32).collect();
        let moments = data
            .chunks(fan_in)
            .map(|weights| {
                let sum: f64 = weights.iter().map(|w| f64::from(*w)).sum();
                let squares: f64 = weights.iter().map(|w| f64::from(*w) * f64::from(*w)).sum();
                Moments { mean: input.mean * sum, variance: input.variance * squares }
            })
            .collect();
        self.tensors.insert(format!("{}.weight", layer.name), Array { shape: shape.to_vec(), data });
        moments
    }

    /// A BatchNorm that turns channels with these moments into standard normal ones.
    fn norm(&mut self, layer: &Layer, input: &[Moments]) {
        let channels = input.len();
        let mut put = |tensor: &str, data: Vec<f32>| {
            self.tensors.insert(format!("{}.{tensor}", layer.name), Array { shape: vec![channels], data });
        };
        put("weight", vec![1.0; channels]);
        put("bias", vec![0.0; channels]);
        put("running_mean", input.iter().map(|m| m.mean as f32).collect());
        put("running_var", input.iter().map(|m| m.variance as f32).collect());
    }
}

fn densenet(plan: &[Layer], draw: &mut Draw) {
    // What the block has gathered so far, and what the last convolution gave.
    let mut gathered: Vec<Moments> = Vec::new();
    let mut last: Vec<Moments> = Vec::new();
    for layer in plan {
        match layer.kind {
            LayerKind::Conv(shape) | LayerKind::Depthwise(shape) => {
                let first = layer.name == "features.conv0";
                last = draw.conv(layer, shape, if first { PIXELS } else { RECTIFIED });
                if layer.name.ends_with(".conv2") {
                    gathered.append(&mut last);
                } else if layer.name.contains(".transition") {
                    let pooled =
                        last.iter().map(|m| Moments { mean: m.mean, variance: m.variance * AVERAGED });
                    gathered = pooled.collect();
                }
            }
            LayerKind::Norm(channels) => {
                if layer.name == "features.norm0" {
                    draw.norm(layer, &last);
                    // The pool takes the largest of nine neighbours that are alike, hence more than
                    // RECTIFIED; the exact numbers do not matter.
                    gathered = vec![Moments { mean: 0.8, variance: 0.6 }; channels];
                } else if layer.name.ends_with(".norm2") {
                    draw.norm(layer, &last);
                } else {
                    draw.norm(layer, &gathered);
                }
            }
        }
    }
}

fn mobilenet_v2(plan: &[Layer], draw: &mut Draw) {
    // What a block's first convolution gets: the first block the rectified stem, the others a sum of as
    // many standard normal outputs as the residual chain has links.
    let mut streams: BTreeMap<usize, Moments> = BTreeMap::from([(0, PIXELS), (1, RECTIFIED)]);
    let mut variance = 1.0;
    for block in mobilenet_v2::blocks() {
        variance = if block.residual() { variance + 1.0 } else { 1.0 };
        streams.insert(block.index + 1, Moments { mean: 0.0, variance });
    }
    let mut previous = None;
    let mut last: Vec<Moments> = Vec::new();
    for layer in plan {
        match layer.kind {
            LayerKind::Conv(shape) | LayerKind::Depthwise(shape) => {
                let index = layer.name.split('.').nth(1).and_then(|i| i.parse::<usize>().ok());
                let first = index != previous;
                previous = index;
                let stream = index.filter(|_| first).and_then(|i| streams.get(&i));
                last = draw.conv(layer, shape, stream.copied().unwrap_or(RECTIFIED));
            }
            LayerKind::Norm(_) => draw.norm(layer, &last),
        }
    }
}
