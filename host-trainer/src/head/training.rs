//! Training the head on features that were computed once.

use burn::module::Module;
use burn::nn::loss::BinaryCrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::model::{DropoutMasks, HIDDEN_1, HIDDEN_2, Head, values};
use super::{HeadWeights, TrainingError};
use crate::metrics::auroc;

/// Added to Adam's denominator, as Keras does by default.
const ADAM_EPSILON: f32 = 1e-7;

/// Images that are scored at a time on the validation side; no effect on the numbers.
const SCORE_BATCH: usize = 256;

/// How the head is trained.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TrainingConfig {
    /// Seeds the first weights, the order of the batches and dropout.
    pub seed: u64,
    /// Passes over the training samples.
    pub epochs: usize,
    /// Samples a step; at least 2, since BatchNorm needs a variance.
    pub batch_size: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Share of hidden values that dropout sets to zero, 0..1.
    pub dropout: f32,
}

/// Features with their labels: one row a sample.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// Each as long as the features of the stack.
    pub features: Vec<std::sync::Arc<[f32]>>,
    /// `true` for the positive class; as many as `features`.
    pub labels: Vec<bool>,
}

/// What one pass gave.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean binary cross-entropy over the training samples, with dropout, in nats.
    pub train_loss: f64,
    /// Share of training samples on the right side of 0.5, with dropout.
    pub train_accuracy: f64,
    /// Mean binary cross-entropy over the validation samples, in nats.
    pub validation_loss: f64,
    /// Share of validation samples on the right side of 0.5.
    pub validation_accuracy: f64,
    /// Area under the ROC curve on the validation samples; none if they are all of one class.
    pub validation_auroc: Option<f64>,
    /// Adam's step size in this pass.
    pub learning_rate: f64,
}

/// A trained head: the weights of the pass with the lowest validation loss.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The weights.
    pub weights: HeadWeights,
    /// The pass that they are from, counted from 1.
    pub best_epoch: usize,
    /// Every pass.
    pub history: Vec<Epoch>,
    /// Probability of each validation sample under `weights`, in order.
    pub validation_probabilities: Vec<f64>,
}

/// Trains a head. `observe` is called after every pass.
///
/// # Errors
/// [`TrainingError`] if a side has no samples or one class only on the training side, if the batch is too
/// small, if the loss is no number any more, or if the device fails.
pub fn train(
    config: &TrainingConfig,
    training: &Samples,
    validation: &Samples,
    device: &Device,
    mut observe: impl FnMut(&Epoch),
) -> Result<Trained, TrainingError> {
    check(config, training, validation)?;
    let width = training.features[0].len();
    let device = device.clone().autodiff();
    let mut head = Head::new(width, config.seed, &device);
    let mut optimizer = AdamConfig::new().with_epsilon(ADAM_EPSILON).init();
    let loss = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device);
    let mut history: Vec<Epoch> = Vec::with_capacity(config.epochs);
    let mut best: Option<(f64, Trained)> = None;

    for epoch in 1..=config.epochs {
        let order = shuffled(training.labels.len(), config.seed, epoch);
        let (mut loss_sum, mut right, mut seen) = (0.0, 0, 0);
        for (step, batch) in order.chunks(config.batch_size).enumerate() {
            // One sample has no variance: BatchNorm would give zeros.
            if batch.len() < 2 {
                continue;
            }
            let masks = dropout_masks(config, epoch, step, batch.len(), &device);
            let logits = head.forward(rows(training, batch, &device), Some(masks));
            let labels: Vec<i64> = batch.iter().map(|i| i64::from(training.labels[*i])).collect();
            let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [batch.len(), 1]), &device);
            let batch_loss = loss.forward(logits.clone(), labels);
            let gradients = GradientsParams::from_grads(batch_loss.backward(), &head);
            head = optimizer.step(config.learning_rate, head, gradients);

            let logits = values(logits.inner())?;
            for (logit, index) in logits.iter().zip(batch) {
                loss_sum += cross_entropy(f64::from(*logit), training.labels[*index]);
                right += usize::from((*logit >= 0.0) == training.labels[*index]);
            }
            seen += batch.len();
        }
        let logits = score(&head.valid(), validation, &device.clone().inner())?;
        let record = epoch_record(epoch, config, (loss_sum, right, seen), &logits, validation);
        if !record.train_loss.is_finite() || !record.validation_loss.is_finite() {
            return Err(TrainingError::Diverged { epoch });
        }
        observe(&record);
        history.push(record);
        if best.as_ref().is_none_or(|(lowest, _)| record.validation_loss < *lowest) {
            let probabilities = logits.iter().map(|logit| sigmoid(*logit)).collect();
            let trained = Trained {
                weights: head.valid().weights()?,
                best_epoch: epoch,
                history: Vec::new(),
                validation_probabilities: probabilities,
            };
            best = Some((record.validation_loss, trained));
        }
    }
    let (_, trained) = best.ok_or(TrainingError::NoEpochs)?;
    Ok(Trained { history, ..trained })
}

fn check(config: &TrainingConfig, training: &Samples, validation: &Samples) -> Result<(), TrainingError> {
    if config.batch_size < 2 {
        return Err(TrainingError::BatchTooSmall { batch_size: config.batch_size });
    }
    if !(0.0..1.0).contains(&config.dropout) {
        return Err(TrainingError::Dropout { rate: config.dropout.to_string() });
    }
    if config.epochs == 0 {
        return Err(TrainingError::NoEpochs);
    }
    if validation.labels.is_empty() {
        return Err(TrainingError::NoSamples { side: "validation" });
    }
    if training.labels.len() < 2 {
        return Err(TrainingError::NoSamples { side: "training" });
    }
    let positives = training.labels.iter().filter(|label| **label).count();
    if positives == 0 || positives == training.labels.len() {
        return Err(TrainingError::OneClass);
    }
    Ok(())
}

/// A generator for one purpose: each pass and step has its own, so that training can be taken up anywhere.
fn generator(seed: u64, epoch: usize, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (epoch as u64).rotate_left(32));
    rng.set_stream(stream);
    rng
}

fn shuffled(count: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut generator(seed, epoch, 0));
    order
}

fn dropout_masks(
    config: &TrainingConfig,
    epoch: usize,
    step: usize,
    batch: usize,
    device: &Device,
) -> DropoutMasks {
    let mut rng = generator(config.seed, epoch, step as u64 + 1);
    let keep = 1.0 - config.dropout;
    let mut mask = |width: usize| {
        let drawn: Vec<f32> =
            (0..batch * width).map(|_| if rng.random::<f32>() < keep { 1.0 / keep } else { 0.0 }).collect();
        Tensor::from_data(TensorData::new(drawn, [batch, width]), device)
    };
    DropoutMasks { hidden1: mask(HIDDEN_1), hidden2: mask(HIDDEN_2) }
}

fn rows(samples: &Samples, indices: &[usize], device: &Device) -> Tensor<2> {
    let width = samples.features[0].len();
    let mut data = Vec::with_capacity(indices.len() * width);
    indices.iter().for_each(|index| data.extend_from_slice(&samples.features[*index]));
    Tensor::from_data(TensorData::new(data, [indices.len(), width]), device)
}

fn score(head: &Head, samples: &Samples, device: &Device) -> Result<Vec<f64>, TrainingError> {
    let all: Vec<usize> = (0..samples.labels.len()).collect();
    let mut logits = Vec::with_capacity(all.len());
    for batch in all.chunks(SCORE_BATCH) {
        let scored = values(head.forward(rows(samples, batch, device), None))?;
        logits.extend(scored.into_iter().map(f64::from));
    }
    Ok(logits)
}

fn epoch_record(
    epoch: usize,
    config: &TrainingConfig,
    (loss_sum, right, seen): (f64, usize, usize),
    logits: &[f64],
    validation: &Samples,
) -> Epoch {
    let scored = logits.iter().zip(&validation.labels);
    let loss: f64 = scored.clone().map(|(logit, label)| cross_entropy(*logit, *label)).sum();
    let validation_right = scored.clone().filter(|(logit, label)| (**logit >= 0.0) == **label).count();
    let pairs: Vec<_> = scored.map(|(logit, label)| (sigmoid(*logit), *label)).collect();
    let count = logits.len() as f64;
    Epoch {
        epoch,
        train_loss: loss_sum / seen as f64,
        train_accuracy: right as f64 / seen as f64,
        validation_loss: loss / count,
        validation_accuracy: validation_right as f64 / count,
        validation_auroc: auroc(&pairs).ok(),
        learning_rate: config.learning_rate,
    }
}

/// Binary cross-entropy of a logit, in nats, in the form that does not overflow:
/// `max(x, 0) - x·y + ln(1 + exp(-|x|))`.
fn cross_entropy(logit: f64, label: bool) -> f64 {
    logit.max(0.0) - if label { logit } else { 0.0 } + (-logit.abs()).exp().ln_1p()
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}
