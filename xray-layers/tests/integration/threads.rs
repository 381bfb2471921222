//! The same bytes for any number of threads.

use burn::tensor::Tensor;
use xray_layers::{Activation, BatchNorm, Geometry};

use crate::values::{backward, channels_last, elements, gradient, hashed, trained};

/// Output and gradients of a net of one layer of each kind.
fn computed(threads: usize) -> Vec<Vec<u32>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let images: Tensor<4> = hashed("images", [5, 3, 24, 20]);
        let stem = trained::<4>("stem", [16, 3, 3, 3]);
        let depthwise = trained::<4>("depthwise", [16, 1, 3, 3]);
        let point = trained::<4>("point", [24, 16, 1, 1]);
        let (gamma, beta) = (trained::<1>("gamma", [24]), trained::<1>("beta", [24]));
        let geometry = |groups| Geometry { stride: 1, padding: [1; 4], groups };
        let map = xray_layers::convolution(channels_last(images), stem.clone(), geometry(1));
        let map = xray_layers::convolution(map, depthwise.clone(), geometry(16));
        let map = xray_layers::convolution(map, point.clone(), Geometry::POINT);
        let norm = BatchNorm {
            gamma: gamma.clone(),
            beta: beta.clone(),
            epsilon: 1e-5,
            activation: Activation::Relu6,
        };
        let map = xray_layers::batch_norm(map, norm).map;
        let map = xray_layers::concat(map.clone(), map);
        let pooled = xray_layers::max_pool(map, 3, Geometry { stride: 2, ..geometry(1) });
        let out = xray_layers::mean_pool(pooled, 2, 2);
        let gradients = backward(&out, &hashed("factors", out.dims()));
        let weights = [&stem, &depthwise, &point].map(|weight| gradient(weight, &gradients));
        let parameters = [&gamma, &beta].map(|parameter| gradient(parameter, &gradients));
        let all = weights.into_iter().chain(parameters).chain([elements(out)]);
        all.map(|values| values.into_iter().map(f32::to_bits).collect()).collect()
    })
}

#[test]
fn one_thread_and_three_give_the_same_bytes() {
    let one = computed(1);
    assert!(one.iter().flatten().any(|bits| *bits != 0));
    assert_eq!(one, computed(3));
}
