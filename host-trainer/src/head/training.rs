//! Trains a head on cached features.

use burn::module::Module;
use burn::nn::loss::{BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use sha2::{Digest, Sha256};
use xray_core::hex;

use super::checkpoint::{BestEpoch, Checkpoint, load, module_bytes};
use super::epoch::{Epoch, TrainingSums, epoch_record, of_worst_group, sigmoid};
use super::model::{DropoutMasks, Head, values};
use super::{
    HeadWeights, Keep, Samples, Step, TrainingConfig, TrainingError, TrainingEvent, class_weights, rng,
};

/// Added to Adam's denominator, as in Keras by default.
pub(crate) const ADAM_EPSILON: f32 = 1e-7;

/// Validation images that are scored at a time; without effect on the results.
const SCORE_BATCH: usize = 256;

/// A trained head: the weights of the epoch that [`Keep`] selects.
#[derive(Debug, Clone)]
pub struct TrainedHead {
    pub weights: HeadWeights,
    /// The epoch of the weights, counted from 1.
    pub best_epoch: usize,
    pub history: Vec<Epoch>,
    /// Probability of each validation sample under `weights`, in order.
    pub validation_probabilities: Vec<f64>,
}

/// Trains a head. `observe` gets every step, and after every epoch its figures and the state to resume from. Given as
/// `resume`, this state leads to the same head, bit for bit on a CPU.
///
/// # Errors
/// [`TrainingError`] if a side has no samples or one class only on the training side, if an option is out of
/// range, if the loss is no number any more, if the checkpoint is of another training, or if the device fails; and
/// whatever `observe` returns.
pub fn train<E: From<TrainingError>>(
    config: &TrainingConfig,
    training: &Samples,
    validation: &Samples,
    device: &Device,
    resume: Option<Checkpoint>,
    mut observe: impl FnMut(TrainingEvent<'_, Checkpoint>) -> Result<(), E>,
) -> Result<TrainedHead, E> {
    config.check_with(training, validation)?;
    let key = key(config, training, validation)?;
    let mut state = match resume {
        Some(state) if state.key == key => state,
        Some(_) => return Err(TrainingError::OtherTraining.into()),
        None => Checkpoint::start(key, config.learning_rate),
    };
    let mut trainer = Trainer::new(config, training, device, &state)?;
    while !state.stopped && state.next_epoch() <= config.epochs {
        let epoch = state.next_epoch();
        let sums = trainer.epoch(epoch, state.learning_rate, |step| observe(TrainingEvent::Step(step)))?;
        let head = trainer.head.valid();
        let logits = score(&head, validation, &device.clone())?;
        let record = epoch_record(epoch, state.learning_rate, &sums, &logits, &validation.labels);
        let record = of_worst_group(record, validation, &logits);
        if !record.train_loss.is_finite() || !record.validation_loss.is_finite() {
            return Err(TrainingError::Diverged { epoch }.into());
        }
        let bytes = module_bytes(&trainer.head)?;
        state.stopped = after_epoch(config, &mut state, &record, &bytes, logits);
        state.history.push(record);
        state.store(bytes, &trainer.optimizer)?;
        observe(TrainingEvent::Epoch(&record, &state))?;
    }
    let kept = state.kept.ok_or(TrainingError::NothingKept)?;
    Ok(TrainedHead {
        weights: load(trainer.head, &kept.head)?.valid().weights()?,
        best_epoch: kept.epoch,
        history: state.history,
        validation_probabilities: kept.logits.into_iter().map(sigmoid).collect(),
    })
}

/// Runs the callbacks after an epoch; returns whether the training ends.
fn after_epoch(
    config: &TrainingConfig,
    state: &mut Checkpoint,
    record: &Epoch,
    head: &[u8],
    logits: Vec<f64>,
) -> bool {
    if let Some(plateau) = &config.reduce_on_plateau {
        let value = plateau.monitor.value(record);
        state.learning_rate = plateau.after(&mut state.reduce_on_plateau, value, state.learning_rate);
    }
    let early = config.early_stopping.map(|rule| {
        let value = rule.monitor.value(record);
        (value, rule.after(&mut state.early_stopping, value))
    });
    let (value, best) = match (config.keep, early) {
        (Keep::EarlyStopping, Some((value, outcome))) => (value, outcome.best),
        (Keep::EarlyStopping, None) => (None, false),
        (Keep::Best(monitor), _) => {
            let value = monitor.value(record);
            let before = state.kept.as_ref().and_then(|kept| kept.value);
            (value, value.is_some_and(|value| monitor.improves(value, before, 0.0)))
        }
    };
    if best {
        state.kept = Some(BestEpoch { epoch: record.epoch, value, head: head.to_vec(), logits });
    }
    early.is_some_and(|(_, outcome)| outcome.stop)
}

/// A head in training with its optimiser.
struct Trainer<'a> {
    config: &'a TrainingConfig,
    training: &'a Samples,
    device: Device,
    loss: BinaryCrossEntropyLoss,
    head: Head,
    optimizer: ModuleOptimizer,
}

/// The loss that is trained on: weighted by class, labels smoothed.
pub(crate) fn loss_of(
    config: &TrainingConfig,
    class_weights: Option<[f32; 2]>,
    device: &Device,
) -> BinaryCrossEntropyLoss {
    let smoothing = (config.label_smoothing > 0.0).then_some(config.label_smoothing);
    BinaryCrossEntropyLossConfig::new()
        .with_logits(true)
        .with_smoothing(smoothing)
        .with_weights(class_weights.map(Vec::from))
        .init(device)
}

impl<'a> Trainer<'a> {
    fn new(
        config: &'a TrainingConfig,
        training: &'a Samples,
        device: &Device,
        state: &Checkpoint,
    ) -> Result<Self, TrainingError> {
        let device = device.clone().autodiff();
        let head = Head::new(training.width(), config.hidden, config.seed, &device);
        let optimizer = AdamConfig::new().with_epsilon(ADAM_EPSILON).init();
        let (head, optimizer) = state.restore(head, optimizer)?;
        // Where groups have shares of an epoch, these say how much a class counts.
        let weights = if training.weights.is_empty() {
            class_weights(config, training.labels.len(), training.positives())
        } else {
            None
        };
        let loss = loss_of(config, weights, &device);
        Ok(Trainer { config, training, device, loss, head, optimizer })
    }

    fn epoch<E: From<TrainingError>>(
        &mut self,
        epoch: usize,
        learning_rate: f64,
        mut observe: impl FnMut(Step) -> Result<(), E>,
    ) -> Result<TrainingSums, E> {
        let (seed, total) = (self.config.seed, self.training.labels.len());
        let order = rng::epoch(self.training, seed, epoch);
        let mut sums = TrainingSums::default();
        for (step, batch) in order.chunks(self.config.batch_size).enumerate() {
            // One sample has no variance: BatchNorm would give zeros.
            if batch.len() < 2 {
                continue;
            }
            let masks = rng::dropout(self.config, epoch, step, batch.len(), &self.device);
            self.step(batch, masks, learning_rate, &mut sums)?;
            observe(sums.step(epoch, total))?;
        }
        Ok(sums)
    }

    fn step(
        &mut self,
        batch: &[(usize, usize)],
        masks: DropoutMasks,
        learning_rate: f64,
        sums: &mut TrainingSums,
    ) -> Result<(), TrainingError> {
        let rows = self.training.rows(batch, &self.device);
        let logits = self.head.forward(rows, Some(masks)).flatten::<1>(0, 1);
        let labels: Vec<i64> = batch.iter().map(|(i, _)| i64::from(self.training.labels[*i])).collect();
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [batch.len()]), &self.device);
        let loss = self.loss.forward(logits.clone(), labels);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.head);
        self.head = self.optimizer.step(learning_rate, self.head.clone(), gradients);

        let labels: Vec<bool> = batch.iter().map(|(i, _)| self.training.labels[*i]).collect();
        sums.add(&values(logits.inner())?, &labels);
        Ok(())
    }
}

/// SHA-256 (hex) over everything that the head depends on.
fn key(config: &TrainingConfig, training: &Samples, validation: &Samples) -> Result<String, TrainingError> {
    let options = serde_json::to_vec(config)
        .map_err(|error| TrainingError::Checkpoint { reason: error.to_string() })?;
    let mut hash = Sha256::new();
    hash.update(options);
    training.hash(&mut hash);
    validation.hash(&mut hash);
    Ok(hex(&hash.finalize()))
}

/// The probability of the positive class of each sample's first view under a head that is trained, in their order.
///
/// # Errors
/// [`TrainingError::Device`].
pub fn probabilities(
    weights: &HeadWeights,
    samples: &Samples,
    device: &Device,
) -> Result<Vec<f64>, TrainingError> {
    let logits = score(&Head::of_weights(weights, device), samples, device)?;
    Ok(logits.into_iter().map(sigmoid).collect())
}

fn score(head: &Head, samples: &Samples, device: &Device) -> Result<Vec<f64>, TrainingError> {
    let all: Vec<(usize, usize)> = (0..samples.labels.len()).map(|sample| (sample, 0)).collect();
    let mut logits = Vec::with_capacity(all.len());
    for batch in all.chunks(SCORE_BATCH) {
        let scored = values(head.forward(samples.rows(batch, device), None))?;
        logits.extend(scored.into_iter().map(f64::from));
    }
    Ok(logits)
}
