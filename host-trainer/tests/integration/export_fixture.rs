//! Weights and images made of an integer hash: the same ones that scripts/oracle/export_fixtures.py makes.
#![allow(dead_code)]

use std::collections::BTreeMap;

use host_trainer::architectures::BackboneKind;
use host_trainer::head::{BatchNorm, Dense, HeadWeights};
use host_trainer::weights::{Array, Conventions, Padding, Provenance, WeightSet};
use xray_core::package::{BackboneRecord, Contract, Labels, Precision, Training};
use xray_core::preprocess::{Preprocessing, Scaling};
use xray_testkit::random::hashed_stream;

fn array(name: &str, shape: &[usize]) -> Array {
    let mean = name.ends_with("running_mean") || (shape.len() == 1 && name.ends_with("bias"));
    let limit = (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt();
    let data = hashed_stream(name, shape.iter().product())
        .into_iter()
        .map(|u| match (mean, shape.len()) {
            (true, _) => (u - 0.5) * 0.2,
            (false, 1) => 0.5 + u,
            _ => (2.0 * u - 1.0) * limit,
        })
        .map(|v| v as f32)
        .collect();
    Array { shape: shape.to_vec(), data }
}

/// A set with torchvision's conventions.
pub fn weights(kind: BackboneKind) -> WeightSet {
    let mut net = Net { kind, tensors: BTreeMap::new() };
    match kind {
        BackboneKind::DenseNet169 => net.densenet([6, 12, 32, 32]),
        BackboneKind::DenseNet121 => net.densenet([6, 12, 24, 16]),
        BackboneKind::MobilenetV2 => net.mobilenet(),
    }
    WeightSet {
        backbone: kind,
        conventions: Conventions {
            padding: Padding::Symmetric,
            bn_epsilon: 1e-5,
            input_mean: Scaling::Imagenet.mean(),
            input_std: Scaling::Imagenet.std(),
        },
        provenance: Provenance::Random { seed: 0 },
        tensors: net.tensors,
    }
}

/// The conventions of Keras's MobileNetV2.
pub fn keras(set: &mut WeightSet) {
    set.conventions = Conventions {
        padding: Padding::TopLeftShort,
        bn_epsilon: 1e-3,
        input_mean: [0.5; 3],
        input_std: [0.5; 3],
    };
}

struct Net {
    kind: BackboneKind,
    tensors: BTreeMap<String, Array>,
}

impl Net {
    fn add(&mut self, name: String, shape: &[usize]) {
        let value = array(&format!("{}/{name}", self.kind.name()), shape);
        self.tensors.insert(name, value);
    }

    fn conv(&mut self, name: &str, shape: [usize; 4]) {
        self.add(format!("features.{name}.weight"), &shape);
    }

    fn norm(&mut self, name: &str, channels: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.add(format!("features.{name}.{part}"), &[channels]);
        }
    }

    fn densenet(&mut self, blocks: [usize; 4]) {
        self.conv("conv0", [64, 3, 7, 7]);
        self.norm("norm0", 64);
        let mut channels = 64;
        for (block, layers) in (1..).zip(blocks) {
            for layer in 1..=layers {
                let name = format!("denseblock{block}.denselayer{layer}");
                self.norm(&format!("{name}.norm1"), channels);
                self.conv(&format!("{name}.conv1"), [128, channels, 1, 1]);
                self.norm(&format!("{name}.norm2"), 128);
                self.conv(&format!("{name}.conv2"), [32, 128, 3, 3]);
                channels += 32;
            }
            if block < 4 {
                self.norm(&format!("transition{block}.norm"), channels);
                self.conv(&format!("transition{block}.conv"), [channels / 2, channels, 1, 1]);
                channels /= 2;
            }
        }
        self.norm("norm5", channels);
    }

    fn conv_norm(&mut self, name: &str, position: usize, shape: [usize; 4]) {
        self.conv(&format!("{name}.{position}"), shape);
        self.norm(&format!("{name}.{}", position + 1), shape[0]);
    }

    fn mobilenet(&mut self) {
        self.conv_norm("0", 0, [32, 3, 3, 3]);
        // Input and output channels of the blocks after the first, which has no expansion.
        self.conv_norm("1.conv.0", 0, [32, 1, 3, 3]);
        self.conv_norm("1.conv", 1, [16, 32, 1, 1]);
        let outputs = [24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320];
        let mut input = 16;
        for (index, output) in outputs.into_iter().enumerate() {
            let (name, hidden) = (format!("{}.conv", index + 2), input * 6);
            self.conv_norm(&format!("{name}.0"), 0, [hidden, input, 1, 1]);
            self.conv_norm(&format!("{name}.1"), 0, [hidden, 1, 3, 3]);
            self.conv_norm(&name, 2, [output, hidden, 1, 1]);
            input = output;
        }
        self.conv_norm("18", 0, [1280, 320, 1, 1]);
    }
}

/// A head of 256 and 128 hidden units with Keras's epsilon.
pub fn head(features: usize) -> HeadWeights {
    let norm = |name: &str, channels: usize| {
        let part = |part: &str| array(&format!("head/{name}.{part}"), &[channels]).data;
        BatchNorm {
            gamma: part("weight"),
            beta: part("bias"),
            mean: part("running_mean"),
            variance: part("running_var"),
            epsilon: 1e-3,
        }
    };
    let dense = |name: &str, outputs: usize, inputs: usize| Dense {
        weight: array(&format!("head/{name}.weight"), &[outputs, inputs]),
        bias: array(&format!("head/{name}.bias"), &[outputs]).data,
    };
    HeadWeights {
        norm1: norm("norm1", features),
        dense1: dense("dense1", 256, features),
        norm2: norm("norm2", 256),
        dense2: dense("dense2", 128, 256),
        dense3: dense("dense3", 1, 128),
    }
}

/// A contract for these sets.
pub fn contract(sets: &[WeightSet], size: usize, precision: Precision) -> Contract {
    Contract {
        version: 0,
        preprocessing: Preprocessing { size, ..Preprocessing::new(Scaling::Imagenet) },
        labels: Labels { negative: "NORMAL".into(), positive: "PNEUMONIA".into() },
        threshold: 0.5,
        temperature: 1.0,
        abstain: None,
        threshold_rule: "fixed".into(),
        precision,
        backbones: sets
            .iter()
            .map(|set| BackboneRecord {
                name: set.backbone.name().into(),
                weights: set.provenance.to_string(),
                random: false,
                fingerprint: set.fingerprint(),
            })
            .collect(),
        features: sets.iter().map(|set| set.backbone.features()).sum(),
        training: Training {
            data_fingerprint: "0".repeat(64),
            train_images: 1,
            validation_images: 1,
            seed: 0,
            epochs: 1,
            program: "test".into(),
        },
        validation: BTreeMap::from([("auroc".to_owned(), 0.5)]),
        quantisation: None,
        local_calibration: None,
        known_answer: None,
        quality_gate: None,
    }
}
