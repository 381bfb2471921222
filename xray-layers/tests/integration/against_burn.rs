//! Each layer, forward and backward, against burn's own.

use burn::nn::PaddingConfig2d;
use burn::nn::pool::{AvgPool2dConfig, MaxPool2dConfig};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d};
use burn::tensor::ops::ConvOptions;
use xray_layers::{Activation, BatchNorm, Geometry};

use crate::values::{agree, backward, channels_first, channels_last, elements, gradient, hashed, trained};

/// A convolution of some size.
struct Case {
    map: [usize; 4],
    outputs: usize,
    kernel: usize,
    stride: usize,
    pad: usize,
    groups: usize,
}

fn convolution_agrees(case: &Case) {
    let Case { map: sides, outputs, kernel, stride, pad, groups } = *case;
    let name = format!("{sides:?} to {outputs}, {kernel}x{kernel}/{stride}, {groups} groups");
    let weight_sides = [outputs, sides[1] / groups, kernel, kernel];

    let (map, weight) = (trained(&name, sides), trained("weight", weight_sides));
    let options = ConvOptions::new([stride; 2], [pad; 2], [1, 1], groups);
    let expected = conv2d(map.clone(), weight.clone(), None, options);
    let factors = hashed("factors", expected.dims());
    let gradients = backward(&expected, &factors);

    let (own_map, own_weight) = (trained(&name, sides), trained("weight", weight_sides));
    let geometry = Geometry { stride, padding: [pad; 4], groups };
    let out = channels_first(xray_layers::convolution(
        channels_last(own_map.clone()),
        own_weight.clone(),
        geometry,
    ));
    let own = backward(&out, &factors);
    assert_eq!(out.dims(), expected.dims());
    agree(&name, &elements(out), &elements(expected));
    agree(&format!("{name}: gradient of the map"), &gradient(&own_map, &own), &gradient(&map, &gradients));
    let (found, expected) = (gradient(&own_weight, &own), gradient(&weight, &gradients));
    agree(&format!("{name}: gradient of the weights"), &found, &expected);
}

#[test]
fn pointwise_convolution() {
    for (map, outputs) in
        [([2, 3, 5, 4], 7), ([3, 24, 14, 14], 144), ([2, 96, 28, 28], 24), ([1, 1, 1, 1], 1)]
    {
        convolution_agrees(&Case { map, outputs, kernel: 1, stride: 1, pad: 0, groups: 1 });
    }
}

#[test]
fn dense_convolution() {
    for (map, outputs, kernel, stride, pad) in [
        ([2, 3, 32, 32], 32, 3, 2, 1),
        ([2, 3, 32, 32], 64, 7, 2, 3),
        ([3, 128, 7, 7], 32, 3, 1, 1),
        ([1, 5, 9, 6], 4, 3, 1, 0),
        ([2, 4, 6, 8], 3, 1, 2, 0),
    ] {
        convolution_agrees(&Case { map, outputs, kernel, stride, pad, groups: 1 });
    }
}

#[test]
fn depthwise_convolution() {
    for (map, stride) in [
        ([2, 32, 14, 14], 1),
        ([3, 96, 28, 28], 2),
        ([1, 20, 7, 9], 1),
        ([1, 5, 8, 6], 2),
        ([2, 16, 1, 2], 1),
    ] {
        convolution_agrees(&Case { map, outputs: map[1], kernel: 3, stride, pad: 1, groups: map[1] });
    }
}

/// Keras pads by one pixel less above and on the left.
#[test]
fn uneven_padding_is_that_of_a_map_with_a_border() {
    let [map, own_map] = [0; 2].map(|_| trained::<4>("uneven", [2, 16, 8, 6]));
    let weight = hashed("weight", [16, 1, 3, 3]);
    let bordered = map.clone().pad((0, 1, 0, 1), 0.0);
    let options = ConvOptions::new([2; 2], [0; 2], [1, 1], 16);
    let expected = conv2d(bordered, weight.clone(), None, options);
    let factors = hashed("factors", expected.dims());
    let gradients = backward(&expected, &factors);
    let geometry = Geometry { stride: 2, padding: [0, 0, 1, 1], groups: 16 };
    let out = channels_first(xray_layers::convolution(channels_last(own_map.clone()), weight, geometry));
    let own = backward(&out, &factors);
    agree("uneven padding", &elements(out), &elements(expected));
    agree("its gradient", &gradient(&own_map, &own), &gradient(&map, &gradients));
}

fn activated(map: Tensor<4>, activation: Activation) -> Tensor<4> {
    match activation {
        Activation::None => map,
        Activation::Relu => relu(map),
        Activation::Relu6 => map.clamp(0.0, 6.0),
    }
}

const EPSILON: f64 = 1e-5;

#[test]
fn batch_norm_by_the_batch() {
    for (sides, activation) in [
        ([4, 7, 5, 6], Activation::None),
        ([2, 96, 28, 28], Activation::Relu6),
        ([3, 300, 9, 7], Activation::Relu),
    ] {
        let name = format!("{sides:?} {activation:?}");
        let inputs = || {
            // Far from zero, and wide enough for values beyond 6.
            let map = (hashed(&name, sides) * 3.0 + 50.0).detach().require_grad();
            let gamma = (hashed("gamma", [sides[1]]) * 5.0).detach().require_grad();
            (map, gamma, trained::<1>("beta", [sides[1]]))
        };
        let (map, gamma, beta) = inputs();
        let norm = batch_norm_train(map.clone(), gamma.clone(), beta.clone(), EPSILON);
        let expected = activated(norm.output, activation);
        let factors = hashed("factors", sides);
        let gradients = backward(&expected, &factors);

        let (own_map, own_gamma, own_beta) = inputs();
        let own_norm =
            BatchNorm { gamma: own_gamma.clone(), beta: own_beta.clone(), epsilon: EPSILON, activation };
        let own = xray_layers::batch_norm(channels_last(own_map.clone()), own_norm);
        let out = channels_first(own.map);
        let own_gradients = backward(&out, &factors);
        // The mean of 50 costs burn's variance two digits.
        agree(&name, &elements(out / 100.0), &elements(expected / 100.0));
        agree(&format!("{name}: mean"), &elements(own.mean), &elements(norm.mean));
        agree(&format!("{name}: variance"), &elements(own.variance), &elements(norm.variance));
        let found = gradient(&own_beta, &own_gradients);
        agree(&format!("{name}: gradient of beta"), &found, &gradient(&beta, &gradients));
        let found = gradient(&own_gamma, &own_gradients);
        agree(&format!("{name}: gradient of gamma"), &found, &gradient(&gamma, &gradients));
        let found = gradient(&own_map, &own_gradients);
        agree(&format!("{name}: gradient of the map"), &found, &gradient(&map, &gradients));
    }
}

#[test]
fn batch_norm_by_constants() {
    for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
        let sides = [2, 40, 6, 5];
        let name = format!("{activation:?}");
        let variance = hashed("variance", [40]) * 0.1 + 0.2;
        let mean: Tensor<1> = hashed("mean", [40]);
        let inputs = || {
            let gamma = (hashed("gamma", [40]) * 4.0).detach().require_grad();
            (trained(&name, sides), gamma, trained::<1>("beta", [40]))
        };
        let (map, gamma, beta) = inputs();
        let norm =
            batch_norm(map.clone(), gamma.clone(), beta.clone(), mean.clone(), variance.clone(), EPSILON);
        let expected = activated(norm, activation);
        let factors = hashed("factors", sides);
        let gradients = backward(&expected, &factors);

        let (own_map, own_gamma, own_beta) = inputs();
        let norm =
            BatchNorm { gamma: own_gamma.clone(), beta: own_beta.clone(), epsilon: EPSILON, activation };
        let out = xray_layers::frozen_batch_norm(channels_last(own_map.clone()), norm, mean, variance);
        let out = channels_first(out);
        let own = backward(&out, &factors);
        agree(&name, &elements(out), &elements(expected));
        agree(
            &format!("{name}: gradient of the map"),
            &gradient(&own_map, &own),
            &gradient(&map, &gradients),
        );
        let (found, expected) = (gradient(&own_gamma, &own), gradient(&gamma, &gradients));
        agree(&format!("{name}: gradient of gamma"), &found, &expected);
        let (found, expected) = (gradient(&own_beta, &own), gradient(&beta, &gradients));
        agree(&format!("{name}: gradient of beta"), &found, &expected);
    }
}

#[test]
fn joined_channels() {
    let inputs = || (trained::<4>("first", [2, 5, 9, 8]), trained::<4>("second", [2, 3, 9, 8]));
    let (first, second) = inputs();
    let expected = Tensor::cat(vec![first.clone(), second.clone()], 1);
    let factors = hashed("factors", expected.dims());
    let gradients = backward(&expected, &factors);
    let (own_first, own_second) = inputs();
    let joined = xray_layers::concat(channels_last(own_first.clone()), channels_last(own_second.clone()));
    let out = channels_first(joined);
    let own = backward(&out, &factors);
    assert_eq!(elements(out), elements(expected));
    assert_eq!(gradient(&own_first, &own), gradient(&first, &gradients));
    assert_eq!(gradient(&own_second, &own), gradient(&second, &gradients));
}

#[test]
fn pooling() {
    for sides in [[2, 20, 12, 8], [1, 3, 7, 5]] {
        let [map, own_map] = [0; 2].map(|_| trained::<4>("pooled", sides));
        let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]);
        let expected = pool.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init().forward(map.clone());
        let factors = hashed("factors", expected.dims());
        let gradients = backward(&expected, &factors);
        let geometry = Geometry { stride: 2, padding: [1; 4], groups: 1 };
        let out = channels_first(xray_layers::max_pool(channels_last(own_map.clone()), 3, geometry));
        let own = backward(&out, &factors);
        assert_eq!(elements(out), elements(expected));
        agree("gradient of the largest", &gradient(&own_map, &own), &gradient(&map, &gradients));

        let [map, own_map] = [0; 2].map(|_| trained::<4>("pooled", sides));
        let expected = AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init().forward(map.clone());
        let factors = hashed("factors", expected.dims());
        let gradients = backward(&expected, &factors);
        let out = channels_first(xray_layers::mean_pool(channels_last(own_map.clone()), 2, 2));
        let own = backward(&out, &factors);
        agree("means", &elements(out), &elements(expected));
        agree("gradient of means", &gradient(&own_map, &own), &gradient(&map, &gradients));
    }
}
