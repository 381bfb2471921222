//! Images per second of training a whole backbone (forward, backward, a step of Adam) on drawn numbers, from random weights:
//! `training_speed BACKBONE [SIZE [BATCH [STEPS]]]`. `RAYON_NUM_THREADS` says how many threads.
//! `scripts/research/bench/training_speed.py` does the same in PyTorch.

use std::time::Instant;

use anyhow::{Context, Result};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use host_trainer::architectures::BackboneKind;
use host_trainer::backbones::{Backbone, Net};
use host_trainer::fine_tune::Unfreeze;
use host_trainer::weights::WeightSet;
use rand::{RngExt, SeedableRng};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().context("name a backbone: mobilenet-v2 or densenet169")?;
    let kind = BackboneKind::from_name(name).with_context(|| format!("{name}: no such backbone"))?;
    let number = |index: usize, default: usize| match arguments.get(index) {
        Some(text) => text.parse().with_context(|| format!("{text}: not a number")),
        None => Ok(default),
    };
    let (size, batch, steps) = (number(1, 224)?, number(2, 32)?, number(3, 5)?);

    let device = Device::flex().autodiff();
    let trained = Unfreeze::All.layers(&[kind])?;
    let trained = trained.first().context("the backbone has no layers")?;
    let mut net = Backbone::load_trained(&WeightSet::random(kind, 1), trained, &device)?.into_net();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let pixels: Vec<f32> = (0..batch * 3 * size * size).map(|_| random.random_range(-2.0..2.0)).collect();
    let images = Tensor::<4>::from_data(TensorData::new(pixels, [batch, 3, size, size]), &device);
    let mut adam = AdamConfig::new().init();
    let mut step = |net: Net| -> Result<(Net, f32)> {
        let loss = net.pooled(images.clone()).square().mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        let value = loss.into_data().try_to_vec::<f32>().map_err(|error| anyhow::anyhow!("{error:?}"))?;
        Ok((adam.step(1e-4, net, gradients), value.first().copied().unwrap_or(f32::NAN)))
    };
    // The first step fills memory and caches.
    let (first, mut loss) = step(net)?;
    net = first;
    let mut fastest = f64::INFINITY;
    let start = Instant::now();
    for _ in 0..steps {
        let begun = Instant::now();
        (net, loss) = step(net)?;
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    let mean = start.elapsed().as_secs_f64() / steps as f64;
    println!(
        "{name} {size} px, batch {batch}: {:.1} images/s, fastest step {:.1}; loss {loss}",
        batch as f64 / mean,
        batch as f64 / fastest
    );
    Ok(())
}
