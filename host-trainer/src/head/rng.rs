//! Random numbers of a training. Each epoch and step has its own generator, so that a training can be resumed anywhere.

use burn::tensor::{Device, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::model::DropoutMasks;
use super::sampling::balanced_order;
use super::{Samples, TrainingConfig};

/// Streams of an epoch: the order, the views, and from here on the dropout of each step.
const ORDER: u64 = 0;
const VIEWS: u64 = u64::MAX;
const FIRST_STEP: u64 = 1;

fn generator(seed: u64, epoch: usize, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (epoch as u64).rotate_left(32));
    rng.set_stream(stream);
    rng
}

/// The order of the images in an epoch.
pub(crate) fn order(count: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut generator(seed, epoch, ORDER));
    order
}

/// The view of each image in an epoch; `counts` are the numbers of views.
pub(crate) fn views(counts: impl Iterator<Item = usize>, seed: u64, epoch: usize) -> Vec<usize> {
    let mut rng = generator(seed, epoch, VIEWS);
    counts.map(|views| rng.random_range(0..views)).collect()
}

/// The order of an epoch in which each group has a share proportional to its weight; `groups` are those of the samples.
pub(crate) fn balanced(groups: &[usize], weights: &[f64], seed: u64, epoch: usize) -> Vec<usize> {
    balanced_order(groups, weights, &mut generator(seed, epoch, ORDER))
}

/// The samples of an epoch in their order, each with the view that it shows.
pub(super) fn epoch(samples: &Samples, seed: u64, epoch: usize) -> Vec<(usize, usize)> {
    if samples.weights.is_empty() {
        let views = views(samples.views.iter().map(Vec::len), seed, epoch);
        return order(samples.labels.len(), seed, epoch).into_iter().map(|at| (at, views[at])).collect();
    }
    let order = balanced(&samples.groups, &samples.weights, seed, epoch);
    // A sample that is shown several times shows a view of its own each time.
    let views = views(order.iter().map(|at| samples.views[*at].len()), seed, epoch);
    order.into_iter().zip(views).collect()
}

/// The generator of what a step draws.
pub(crate) fn of_step(seed: u64, epoch: usize, step: usize) -> ChaCha8Rng {
    generator(seed, epoch, FIRST_STEP + step as u64)
}

/// A mask of dropout: zero for the share `rate`, else `1 / (1 - rate)`.
pub(crate) fn mask(rng: &mut ChaCha8Rng, rate: f32, shape: [usize; 2], device: &Device) -> Tensor<2> {
    let keep = 1.0 - rate;
    let mut drawn = || if rng.random::<f32>() < keep { 1.0 / keep } else { 0.0 };
    let drawn: Vec<f32> = (0..shape[0] * shape[1]).map(|_| drawn()).collect();
    Tensor::from_data(TensorData::new(drawn, shape), device)
}

/// The dropout masks of a step.
pub(crate) fn dropout(
    config: &TrainingConfig,
    epoch: usize,
    step: usize,
    batch: usize,
    device: &Device,
) -> DropoutMasks {
    let mut rng = of_step(config.seed, epoch, step);
    let mut mask = |width: usize| mask(&mut rng, config.dropout, [batch, width], device);
    DropoutMasks { hidden1: mask(config.hidden[0]), hidden2: mask(config.hidden[1]) }
}
