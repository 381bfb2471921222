//! Layers and their gradients against PyTorch (scripts/oracle/layers.py).

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use xray_layers::{Activation, BatchNorm, Geometry};

use crate::values::{agree, backward, channels_first, channels_last, elements, gradient, hashed, trained};

/// By tensor, what `summary` in the script gives.
type Answers = BTreeMap<String, Vec<f32>>;

fn recorded(name: &str) -> Answers {
    let text = include_str!("../fixtures/answers.json");
    let mut all: BTreeMap<String, Answers> = serde_json::from_str(text).unwrap();
    all.remove(name).unwrap()
}

/// Mean, root mean square and eight elements.
fn summary(values: &[f32]) -> Vec<f32> {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let squares = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / count;
    let picks = values.iter().step_by((values.len() / 8).max(1)).take(8);
    [mean, squares.sqrt()].iter().map(|value| *value as f32).chain(picks.copied()).collect()
}

fn hold(name: &str, found: &[(&str, Vec<f32>)]) {
    let answers = recorded(name);
    assert_eq!(found.len(), answers.len());
    for (tensor, values) in found {
        agree(&format!("{name}: {tensor}"), &summary(values), &answers[*tensor]);
    }
}

#[test]
fn convolutions_are_those_of_pytorch() {
    for (name, sides, outputs, kernel, stride, groups) in [
        ("pointwise", [4, 24, 14, 14], 96, 1, 1, 1),
        ("dense", [2, 64, 14, 14], 32, 3, 1, 1),
        ("stem", [2, 3, 32, 32], 64, 7, 2, 1),
        ("depthwise", [2, 96, 14, 14], 96, 3, 1, 96),
        ("depthwise-2", [2, 96, 14, 14], 96, 3, 2, 96),
    ] {
        let map = trained::<4>("map", sides);
        let weight = trained::<4>("weight", [outputs, sides[1] / groups, kernel, kernel]);
        let geometry = Geometry { stride, padding: [kernel / 2; 4], groups };
        let out = xray_layers::convolution(channels_last(map.clone()), weight.clone(), geometry);
        let out = channels_first(out);
        let gradients = backward(&out, &hashed("factors", out.dims()));
        let (of_map, of_weight) = (gradient(&map, &gradients), gradient(&weight, &gradients));
        hold(name, &[("out", elements(out)), ("map", of_map), ("weight", of_weight)]);
    }
}

#[test]
fn batch_norm_is_that_of_pytorch() {
    for (name, activation) in [("relu", Activation::Relu), ("relu6", Activation::Relu6)] {
        let map = trained::<4>("map", [4, 40, 9, 9]);
        let (gamma, beta) = (trained::<1>("gamma", [40]), trained::<1>("beta", [40]));
        let norm = BatchNorm { gamma: gamma.clone() * 5.0, beta: beta.clone(), epsilon: 1e-5, activation };
        let out = channels_first(xray_layers::batch_norm(channels_last(map.clone()), norm).map);
        let gradients = backward(&out, &hashed("factors", out.dims()));
        let parameters = [&gamma, &beta].map(|tensor| gradient(tensor, &gradients));
        let [of_gamma, of_beta] = parameters;
        let of_map = gradient(&map, &gradients);
        hold(name, &[("out", elements(out)), ("map", of_map), ("gamma", of_gamma), ("beta", of_beta)]);
    }
}

#[test]
fn the_largest_of_a_window_is_that_of_pytorch() {
    let map = trained::<4>("map", [2, 16, 12, 12]);
    let geometry = Geometry { stride: 2, padding: [1; 4], groups: 1 };
    let out: Tensor<4> = channels_first(xray_layers::max_pool(channels_last(map.clone()), 3, geometry));
    let gradients = backward(&out, &hashed("factors", out.dims()));
    let of_map = gradient(&map, &gradients);
    hold("max-pool", &[("out", elements(out)), ("map", of_map)]);
}
