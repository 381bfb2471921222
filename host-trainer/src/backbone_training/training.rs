//! A training from the first pass to the last.

use sha2::{Digest, Sha256};
use xray_core::hex;
use xray_core::preprocess::Preprocessing;

use super::drawn_batches::for_each_drawn;
use super::image_store::ImageStore;
use super::order::PassPlan;
use super::trainer::{Step, Trainer};
use super::{BackboneCheckpoint, BackboneJob, BackboneTrainingError};
use crate::head::{Epoch, TrainingError, TrainingEvent, TrainingSums, epoch_record};
use crate::weights::{Provenance, WeightSet};

/// A backbone after its training.
#[derive(Debug, Clone)]
pub struct TrainedBackbone {
    /// The averaged weights after the last pass.
    pub set: WeightSet,
    /// The figures of each pass: training by the weights as they were then, validation by the averaged ones, on images as
    /// they are and of the size of the pass.
    pub history: Vec<Epoch>,
}

/// Trains a backbone for all passes. `observe` gets every step, and after every pass its figures and the state to resume
/// from. Given as `resume`, this state leads to the same weights, bit for bit on a CPU.
///
/// # Errors
/// [`BackboneTrainingError`] if there are too few images, one cannot be read, the checkpoint is of another training, the
/// loss is no number any more, or the device fails; and whatever `observe` returns.
pub fn train_backbone<E: From<BackboneTrainingError>>(
    job: BackboneJob<'_>,
    resume: Option<BackboneCheckpoint>,
    mut observe: impl FnMut(TrainingEvent<'_, BackboneCheckpoint>) -> Result<(), E>,
) -> Result<TrainedBackbone, E> {
    let images = &job.images;
    let labels: Vec<bool> = images.validation.iter().map(|item| item.label).collect();
    let both = |label: bool| images.train.iter().any(|item| item.label == label);
    if !both(true) || !both(false) {
        return Err(BackboneTrainingError::TooFewImages { backbone: job.set.backbone.name() }.into());
    }
    let key = key(&job)?;
    let mut state = match resume {
        Some(state) if state.key == key => state,
        Some(_) => return Err(BackboneTrainingError::from(TrainingError::OtherTraining).into()),
        None => BackboneCheckpoint::start(key),
    };
    let sides = job.recipe.sizes.of_passes();
    // As many in each pass: the shares of the groups do not change.
    let plan = PassPlan {
        images: images.train.len(),
        shares: images.shares,
        batch_size: job.recipe.batch_size,
        passes: sides.len(),
        seed: job.seed,
    };
    let steps = plan.batches(1).len();
    let mut trainer = Trainer::new(job, steps * sides.len())?;
    if let Some(state) = &state.state {
        trainer.restore(state)?;
    }
    let mut stores: Option<[ImageStore<'_>; 2]> = None;
    while let Some(side) = sides.get(state.history.len()).copied() {
        let pass = state.history.len() + 1;
        let [train, validation] = match stores.take() {
            Some(stores) if stores[0].side() == side => stores,
            _ => {
                let preprocessing = Preprocessing { size: side, ..images.preprocessing.clone() };
                let read = |items| ImageStore::read(items, &preprocessing);
                [read(images.train)?, read(images.validation)?]
            }
        };
        let batches = plan.batches(pass);
        let shown: usize = batches.iter().map(Vec::len).sum();
        let mut sums = TrainingSums::default();
        let (mut in_pass, first) = (0, (pass - 1) * steps);
        for_each_drawn(&job, &train, &batches, |shown_now, inputs| {
            let step = Step { pass, in_pass, overall: first + in_pass, shown: shown_now, inputs, side };
            let logits = trainer.step(&step)?;
            let labels: Vec<bool> = shown_now.iter().map(|shown| images.train[shown.image].label).collect();
            sums.add(&logits, &labels);
            in_pass += 1;
            observe(TrainingEvent::Step(sums.step(pass, shown)))
        })?;
        let logits = trainer.score(&validation)?;
        let rate = trainer.rate(pass * steps - 1);
        let record = epoch_record(pass, rate, &sums, &logits, &labels);
        let finite = |loss: f64, count: usize| count == 0 || loss.is_finite();
        if !finite(record.train_loss, shown) || !finite(record.validation_loss, labels.len()) {
            return Err(BackboneTrainingError::Diverged { pass }.into());
        }
        state.history.push(record);
        state.state = Some(trainer.state()?);
        observe(TrainingEvent::Epoch(&record, &state))?;
        stores = Some([train, validation]);
    }
    let before = &job.set.provenance;
    let whole = job.layers.layers.len() == job.set.backbone.plan().len();
    let provenance = Provenance::FineTuned {
        from: before.to_string(),
        unfrozen: job.recipe.unfreeze.to_string(),
        random: before.is_random() && !whole,
    };
    Ok(TrainedBackbone { set: trainer.weights(provenance)?, history: state.history })
}

/// SHA-256 (hex) over everything that the result depends on.
fn key(job: &BackboneJob<'_>) -> Result<String, BackboneTrainingError> {
    let images = &job.images;
    let options = (job.recipe, job.seed, job.class_weights, images.draw_seed);
    let options = serde_json::to_vec(&options)
        .map_err(|error| TrainingError::Checkpoint { reason: error.to_string() })?;
    let mut hash = Sha256::new();
    hash.update(options);
    hash.update(format!("{:?} {:?}", images.preprocessing, job.layers));
    hash.update(job.set.fingerprint());
    hash.update(job.teacher.map_or("", |teacher| teacher.fingerprint()));
    for (number, item) in images.train.iter().enumerate() {
        hash.update(&item.sha256);
        let group = images.shares.groups.get(number).copied();
        hash.update(format!(" {} {group:?} {:?}\n", item.label, images.subclasses.of(number)));
    }
    hash.update(format!("{:?} {:?}", images.shares.weights, images.subclasses.names()));
    for item in images.validation {
        hash.update(&item.sha256);
        hash.update([u8::from(item.label)]);
    }
    Ok(hex(&hash.finalize()))
}
