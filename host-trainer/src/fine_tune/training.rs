//! Fine-tuning from the first epoch to the last.

use sha2::{Digest, Sha256};
use xray_core::hex;

use super::checkpoint::FineTuneCheckpoint;
use super::fine_tuner::FineTuner;
use super::{FineTuneError, FineTuneJob};
use crate::data::Item;
use crate::features::View;
use crate::head::{Epoch, HeadWeights, TrainingError, TrainingEvent, TrainingSums, epoch_record, sigmoid};
use crate::weights::WeightSet;

/// Backbones and head of the epoch with the lowest validation loss, or as before if no epoch had a lower loss.
#[derive(Debug, Clone)]
pub struct FineTuned {
    /// In the order of [`FineTuneJob::sets`].
    pub sets: Vec<WeightSet>,
    pub head: HeadWeights,
    /// Counted from 1; 0: the weights before fine-tuning.
    pub best_epoch: usize,
    pub history: Vec<Epoch>,
    /// Probability of each validation image, in order.
    pub validation_probabilities: Vec<f64>,
}

/// Trains the named layers of the backbones together with the head, always for all epochs: callbacks apply to the first
/// training of the head only. `observe` gets every step, and after every epoch its figures and the state to resume from.
/// Given as `resume`, this state leads to the same weights, bit for bit on a CPU.
///
/// # Errors
/// [`FineTuneError`] if the rule names layers that are not there, an image cannot be read, the checkpoint is of another
/// fine-tuning, or the device fails; and whatever `observe` returns.
pub fn fine_tune<E: From<FineTuneError>>(
    job: FineTuneJob<'_>,
    resume: Option<FineTuneCheckpoint>,
    mut observe: impl FnMut(TrainingEvent<'_, FineTuneCheckpoint>) -> Result<(), E>,
) -> Result<FineTuned, E> {
    let key = key(&job)?;
    let mut state = match resume {
        Some(state) if state.key == key => state,
        Some(_) => return Err(FineTuneError::from(TrainingError::OtherTraining).into()),
        None => FineTuneCheckpoint::start(key),
    };
    let mut tuner = FineTuner::new(job)?;
    if let Some(state) = &state.state {
        tuner.restore(state)?;
    }
    let learning_rate = job.options.learning_rate;
    let labels: Vec<bool> = job.images.validation.iter().map(|(item, _)| item.label).collect();
    if state.best.is_none() {
        let logits = tuner.score()?;
        let before = epoch_record(0, learning_rate, &TrainingSums::default(), &logits, &labels);
        state.before(before.validation_loss, logits);
    }
    while state.next_epoch() <= job.options.epochs {
        let epoch = state.next_epoch();
        let sums = tuner.epoch(epoch, |step| observe(TrainingEvent::Step(step)))?;
        let logits = tuner.score()?;
        let record = epoch_record(epoch, learning_rate, &sums, &logits, &labels);
        if !record.train_loss.is_finite() || !record.validation_loss.is_finite() {
            return Err(FineTuneError::from(TrainingError::Diverged { epoch }).into());
        }
        state.after(record, tuner.state()?, logits);
        observe(TrainingEvent::Epoch(&record, &state))?;
    }
    let best = state.best.ok_or(FineTuneError::NoEpochs)?;
    let (sets, head) = match best.model {
        None => (job.sets.to_vec(), job.head.clone()),
        Some(model) => tuner.weights_of(&model)?,
    };
    Ok(FineTuned {
        sets,
        head,
        best_epoch: best.epoch,
        history: state.history,
        validation_probabilities: best.logits.into_iter().map(sigmoid).collect(),
    })
}

/// SHA-256 (hex) over everything that the result depends on.
fn key(job: &FineTuneJob<'_>) -> Result<String, FineTuneError> {
    let images = &job.images;
    let options = serde_json::to_vec(&((job.options, job.training), images.views))
        .map_err(|error| TrainingError::Checkpoint { reason: error.to_string() })?;
    let mut hash = Sha256::new();
    hash.update(options);
    hash.update(format!("{:?}", images.preprocessing));
    job.sets.iter().for_each(|set| hash.update(set.fingerprint()));
    hash.update(job.head.fingerprint());
    hash.update((images.train.len() as u64).to_le_bytes());
    let mut add = |item: &Item, view: &View| {
        hash.update(&item.sha256);
        hash.update(view.name());
        hash.update([u8::from(item.label)]);
    };
    images.train.iter().for_each(|item| add(item, &View::Plain));
    images.validation.iter().for_each(|(item, view)| add(item, view));
    Ok(hex(&hash.finalize()))
}
