//! Fine-tuning from its first pass to its last.

use burn::tensor::Device;
use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::preprocess::Preprocessing;

use super::checkpoint::FineTuneCheckpoint;
use super::tuner::Tuner;
use super::{FineTuneError, Unfreeze};
use crate::backbones::BackboneKind;
use crate::data::Item;
use crate::features::{View, Views};
use crate::head::{Epoch, HeadWeights, Moment, Sums, TrainingConfig, TrainingError, epoch_record, sigmoid};
use crate::weights::WeightSet;

/// How backbones are trained.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FineTune {
    /// Which layers.
    pub unfreeze: Unfreeze,
    /// Passes over the training images.
    pub epochs: usize,
    /// Adam's step size for the backbones; the head's is that of its own training.
    pub learning_rate: f64,
}

impl FineTune {
    /// Whether these nets can be trained like this.
    ///
    /// # Errors
    /// [`FineTuneError`] names what is not there or out of its range.
    pub fn check(&self, stack: &[BackboneKind]) -> Result<(), FineTuneError> {
        self.unfreeze.layers(stack)?;
        if self.epochs == 0 {
            return Err(FineTuneError::NoPasses);
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(FineTuneError::Rate { value: self.learning_rate.to_string() });
        }
        Ok(())
    }
}

/// The images and how a net gets them.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// Trained on.
    pub train: &'a [Item],
    /// Watched, in these forms.
    pub validation: &'a [(&'a Item, &'a View)],
    /// Which forms of a training image are trained on.
    pub views: &'a Views,
    /// How images are prepared.
    pub preprocessing: &'a Preprocessing,
}

/// Backbones and head of the pass with the lowest validation loss, or as they came if no pass had a lower one.
#[derive(Debug, Clone)]
pub struct FineTuned {
    /// The backbones, in the order in which they came.
    pub sets: Vec<WeightSet>,
    /// The head.
    pub head: HeadWeights,
    /// The pass that they are from, counted from 1; 0: as they came.
    pub best_epoch: usize,
    /// Every pass.
    pub history: Vec<Epoch>,
    /// Probability of each validation image, in order.
    pub validation_probabilities: Vec<f64>,
}

/// Trains the named layers of the backbones together with a head that was trained on them while they were frozen, always
/// for all passes: callbacks are the head's alone. The first of `devices` makes the steps, all of them share the work.
/// `observe` is told of every step and, after every pass, of what it gave and of all that is needed to go on from
/// there; given to `resume`, it ends with the same nets, bit for bit on a CPU.
///
/// # Errors
/// [`FineTuneError`] if the rule names what is not there, an image cannot be read, the checkpoint is of another
/// fine-tuning, or the device fails; and whatever `observe` gives.
pub fn fine_tune<E: From<FineTuneError>>(
    (sets, head): (&[WeightSet], &HeadWeights),
    images: Images<'_>,
    (how, config): (&FineTune, &TrainingConfig),
    devices: &[Device],
    resume: Option<FineTuneCheckpoint>,
    mut observe: impl FnMut(Moment<'_, FineTuneCheckpoint>) -> Result<(), E>,
) -> Result<FineTuned, E> {
    let key = key((sets, head), images, (how, config))?;
    let mut state = match resume {
        Some(state) if state.key == key => state,
        Some(_) => return Err(FineTuneError::from(TrainingError::OtherTraining).into()),
        None => FineTuneCheckpoint::start(key),
    };
    let mut tuner = Tuner::new((sets, head), images, (how, config), devices)?;
    if let Some(state) = &state.state {
        tuner.restore(state)?;
    }
    let labels: Vec<bool> = images.validation.iter().map(|(item, _)| item.label).collect();
    if state.kept.is_none() {
        let logits = tuner.score()?;
        let before = epoch_record(0, how.learning_rate, &Sums::default(), &logits, &labels);
        state.before(before.validation_loss, logits);
    }
    while state.next_epoch() <= how.epochs {
        let epoch = state.next_epoch();
        let sums = tuner.pass(epoch, |step| observe(Moment::Step(step)))?;
        let logits = tuner.score()?;
        let record = epoch_record(epoch, how.learning_rate, &sums, &logits, &labels);
        if !record.train_loss.is_finite() || !record.validation_loss.is_finite() {
            return Err(FineTuneError::from(TrainingError::Diverged { epoch }).into());
        }
        state.after(record, tuner.state()?, logits);
        observe(Moment::Epoch(&record, &state))?;
    }
    let kept = state.kept.ok_or(FineTuneError::NoPasses)?;
    let (sets, head) = match kept.stack {
        None => (sets.to_vec(), head.clone()),
        Some(stack) => tuner.weights_of(&stack, sets)?,
    };
    Ok(FineTuned {
        sets,
        head,
        best_epoch: kept.epoch,
        history: state.history,
        validation_probabilities: kept.logits.into_iter().map(sigmoid).collect(),
    })
}

/// SHA-256 (hex) over everything that the fine-tuned nets depend on.
fn key(
    (sets, head): (&[WeightSet], &HeadWeights),
    images: Images<'_>,
    how: (&FineTune, &TrainingConfig),
) -> Result<String, FineTuneError> {
    let options = serde_json::to_vec(&(how, images.views))
        .map_err(|error| TrainingError::Checkpoint { reason: error.to_string() })?;
    let mut hash = Sha256::new();
    hash.update(options);
    hash.update(format!("{:?}", images.preprocessing));
    sets.iter().for_each(|set| hash.update(set.fingerprint()));
    hash.update(head.fingerprint());
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
