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

/// The samples of an epoch in their order, each with the view that it shows.
pub(super) fn epoch(samples: &Samples, seed: u64, epoch: usize) -> Vec<(usize, usize)> {
    if samples.weights.is_empty() {
        let views = views(samples.views.iter().map(Vec::len), seed, epoch);
        return order(samples.labels.len(), seed, epoch).into_iter().map(|at| (at, views[at])).collect();
    }
    let mut rng = generator(seed, epoch, ORDER);
    let order = balanced_order(&samples.groups, &samples.weights, &mut rng);
    // A sample that is shown several times shows a view of its own each time.
    let views = views(order.iter().map(|at| samples.views[*at].len()), seed, epoch);
    order.into_iter().zip(views).collect()
}

/// The dropout masks of a step.
pub(crate) fn dropout(
    config: &TrainingConfig,
    epoch: usize,
    step: usize,
    batch: usize,
    device: &Device,
) -> DropoutMasks {
    let mut rng = generator(config.seed, epoch, FIRST_STEP + step as u64);
    let keep = 1.0 - config.dropout;
    let mut mask = |width: usize| {
        let drawn: Vec<f32> =
            (0..batch * width).map(|_| if rng.random::<f32>() < keep { 1.0 / keep } else { 0.0 }).collect();
        Tensor::from_data(TensorData::new(drawn, [batch, width]), device)
    };
    DropoutMasks { hidden1: mask(config.hidden[0]), hidden2: mask(config.hidden[1]) }
}
