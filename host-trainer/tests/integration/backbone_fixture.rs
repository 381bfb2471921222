//! Shared by the tests of backbones and weights.
#![allow(dead_code, missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use host_trainer::architectures::BackboneKind;
use host_trainer::weights::{Array, Conventions, Padding, Provenance, WeightSet};
use xray_core::preprocess::{IMAGENET_MEAN, IMAGENET_STD};
use xray_testkit::random::hashed_by_index;

/// As `tensor` in scripts/oracle/backbones.py.
pub fn hashed(name: &str, shape: &[usize]) -> Array {
    let bound = (4.5 / shape[1..].iter().product::<usize>() as f64).sqrt();
    let centred = name.ends_with(".running_mean") || name.ends_with(".bias");
    let value = |u: f64| match shape.len() {
        4 => (2.0 * u - 1.0) * bound,
        _ if centred => (u - 0.5) * 0.4,
        _ => 0.75 + 0.5 * u,
    };
    let data = hashed_by_index(name, shape.iter().product()).into_iter().map(|u| value(u) as f32).collect();
    Array { shape: shape.to_vec(), data }
}

pub fn torch_conventions() -> Conventions {
    Conventions {
        padding: Padding::Symmetric,
        bn_epsilon: 1e-5,
        input_mean: IMAGENET_MEAN,
        input_std: IMAGENET_STD,
    }
}

pub fn hashed_tensors(kind: BackboneKind) -> BTreeMap<String, Array> {
    kind.parameters().into_iter().map(|(n, s)| (n.clone(), hashed(&n, &s))).collect()
}

pub fn hashed_set(kind: BackboneKind) -> WeightSet {
    WeightSet {
        backbone: kind,
        conventions: torch_conventions(),
        provenance: Provenance::Random { seed: 0 },
        tensors: hashed_tensors(kind),
    }
}

/// As `images` in scripts/oracle/backbones.py.
pub fn images(size: usize, n: usize) -> Tensor<4> {
    let values = hashed_by_index(&format!("images.{size}"), n * 3 * size * size);
    let values: Vec<f32> = values.into_iter().map(|u| (4.0 * u - 2.0) as f32).collect();
    Tensor::from_data(TensorData::new(values, [n, 3, size, size]), &Device::flex())
}

pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/backbones").join(name)
}

/// The float32 tensors of a fixture.
pub fn answers(name: &str) -> BTreeMap<String, Vec<f32>> {
    let bytes = std::fs::read(fixture(name)).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .map(|(name, view)| {
            let floats = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            (name, floats.collect())
        })
        .collect()
}

pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
