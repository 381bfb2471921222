//! The loop: images through nets and head, gradients back.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;
use xray_core::intake;
use xray_core::preprocess::{InputTensor, Preprocessing};

use super::{FineTuneError, Unfreeze};
use crate::backbones::{Backbone, BackboneKind, input_adapter};
use crate::data::Item;
use crate::features::{View, Views, batch_tensor};
use crate::head::{
    ADAM_EPSILON, Epoch, Head, HeadWeights, Sums, TrainingConfig, TrainingError, class_weights, draws,
    epoch_record, loss_of, sigmoid, values,
};
use crate::weights::{Provenance, WeightSet};

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

/// The images and how a net gets them.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// Trained on.
    pub train: &'a [Item],
    /// Watched.
    pub validation: &'a [Item],
    /// Which forms of a training image are trained on.
    pub views: &'a Views,
    /// How images are prepared.
    pub preprocessing: &'a Preprocessing,
}

/// Backbones and head of the pass with the lowest validation loss.
#[derive(Debug, Clone)]
pub struct FineTuned {
    /// The backbones, in the order in which they came.
    pub sets: Vec<WeightSet>,
    /// The head.
    pub head: HeadWeights,
    /// The pass that they are from, counted from 1.
    pub best_epoch: usize,
    /// Every pass.
    pub history: Vec<Epoch>,
    /// Probability of each validation image, in order.
    pub validation_probabilities: Vec<f64>,
}

/// Trains the named layers of the backbones together with a head that was trained on them while they were frozen.
/// `observe` is called after every pass. Runs on every device; the same seed on the same CPU gives the same nets.
///
/// # Errors
/// [`FineTuneError`] if the rule names what is not there, an image cannot be read, or the device fails.
pub fn fine_tune(
    sets: &[WeightSet],
    head: &HeadWeights,
    images: Images<'_>,
    (how, config): (&FineTune, &TrainingConfig),
    device: &Device,
    mut observe: impl FnMut(&Epoch),
) -> Result<FineTuned, FineTuneError> {
    let mut tuner = Tuner::new(sets, head, images, (how, config), device)?;
    let labels: Vec<bool> = images.validation.iter().map(|item| item.label).collect();
    let mut history = Vec::new();
    let mut best: Option<(f64, FineTuned)> = None;
    for epoch in 1..=how.epochs {
        let sums = tuner.pass(epoch)?;
        let logits = tuner.score()?;
        let record = epoch_record(epoch, how.learning_rate, &sums, &logits, &labels);
        if !record.train_loss.is_finite() || !record.validation_loss.is_finite() {
            return Err(TrainingError::Diverged { epoch }.into());
        }
        observe(&record);
        history.push(record);
        if best.as_ref().is_none_or(|(lowest, _)| record.validation_loss < *lowest) {
            let tuned = FineTuned {
                sets: tuner.weights(sets)?,
                head: tuner.head.valid().weights()?,
                best_epoch: epoch,
                history: Vec::new(),
                validation_probabilities: logits.into_iter().map(sigmoid).collect(),
            };
            best = Some((record.validation_loss, tuned));
        }
    }
    let (_, tuned) = best.ok_or(TrainingError::NoEpochs)?;
    Ok(FineTuned { history, ..tuned })
}

struct Tuner<'a> {
    images: Images<'a>,
    how: &'a FineTune,
    config: &'a TrainingConfig,
    /// Of the training images.
    class_weights: Option<[f32; 2]>,
    nets: Vec<(Backbone, ModuleOptimizer)>,
    head: Head,
    head_optimizer: ModuleOptimizer,
    device: Device,
}

impl<'a> Tuner<'a> {
    fn new(
        sets: &[WeightSet],
        head: &HeadWeights,
        images: Images<'a>,
        (how, config): (&'a FineTune, &'a TrainingConfig),
        device: &Device,
    ) -> Result<Self, FineTuneError> {
        let device = device.clone().autodiff();
        let kinds: Vec<BackboneKind> = sets.iter().map(|set| set.backbone).collect();
        let adam = || AdamConfig::new().with_epsilon(ADAM_EPSILON).init();
        let trained = how.unfreeze.layers(&kinds)?;
        let nets = sets
            .iter()
            .zip(&trained)
            .map(|(set, trained)| Ok((Backbone::load_trained(set, trained, &device)?, adam())))
            .collect::<Result<_, FineTuneError>>()?;
        let positives = images.train.iter().filter(|item| item.label).count();
        Ok(Tuner {
            class_weights: class_weights(config, images.train.len(), positives),
            images,
            how,
            config,
            nets,
            head: Head::of_weights(head, &device),
            head_optimizer: adam(),
            device,
        })
    }

    /// One pass over the training images.
    fn pass(&mut self, epoch: usize) -> Result<Sums, FineTuneError> {
        let (config, train) = (self.config, self.images.train);
        let views = self.images.views.of_image();
        let order = draws::order(train.len(), config.seed, epoch);
        let chosen = draws::views(std::iter::repeat_n(views.len(), train.len()), config.seed, epoch);
        let loss = loss_of(config, self.class_weights, &self.device);
        let mut sums = Sums::default();
        for (step, batch) in order.chunks(config.batch_size).enumerate() {
            // One sample has no variance: BatchNorm would give zeros.
            if batch.len() < 2 {
                continue;
            }
            let wanted: Vec<_> = batch.iter().map(|i| (&train[*i], &views[chosen[*i]])).collect();
            let inputs = self.prepare(&wanted)?;
            let masks = draws::dropout(config, epoch, step, batch.len(), &self.device);
            let features = self.features(&inputs, &self.device);
            let logits = self.head.forward(features, Some(masks)).flatten::<1>(0, 1);
            let labels: Vec<i64> = batch.iter().map(|i| i64::from(train[*i].label)).collect();
            let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [batch.len()]), &self.device);
            let mut gradients = loss.forward(logits.clone(), labels).backward();

            for (backbone, optimizer) in &mut self.nets {
                let of_net = GradientsParams::from_module(&mut gradients, backbone.net());
                let net = optimizer.step(self.how.learning_rate, backbone.net().clone(), of_net);
                *backbone = backbone.with_net(net);
            }
            let of_head = GradientsParams::from_module(&mut gradients, &self.head);
            self.head = self.head_optimizer.step(config.learning_rate, self.head.clone(), of_head);
            let labels: Vec<bool> = batch.iter().map(|i| train[*i].label).collect();
            sums.add(&values(logits.inner())?, &labels);
        }
        Ok(sums)
    }

    /// Logits of the validation images.
    fn score(&self) -> Result<Vec<f64>, FineTuneError> {
        let plain = self.device.clone().inner();
        let nets = self.nets.iter().map(|(backbone, _)| backbone.with_net(backbone.net().valid()));
        let nets: Vec<Backbone> = nets.collect();
        let head = self.head.valid();
        let mut logits = Vec::with_capacity(self.images.validation.len());
        for batch in self.images.validation.chunks(self.config.batch_size) {
            let wanted: Vec<_> = batch.iter().map(|item| (item, &View::Plain)).collect();
            let inputs = self.prepare(&wanted)?;
            let features = features(nets.iter(), self.images.preprocessing, &inputs, &plain);
            logits.extend(values(head.forward(features, None))?.into_iter().map(f64::from));
        }
        Ok(logits)
    }

    fn features(&self, inputs: &[InputTensor], device: &Device) -> Tensor<2> {
        features(self.nets.iter().map(|(net, _)| net), self.images.preprocessing, inputs, device)
    }

    fn prepare(&self, wanted: &[(&Item, &View)]) -> Result<Vec<InputTensor>, FineTuneError> {
        let prepare = |(item, view): &(&Item, &View)| {
            let failed = |reason: String| FineTuneError::Image { path: item.path.clone(), reason };
            let image = intake::read_file(&item.path).map_err(|error| failed(error.problem.to_string()))?;
            let tensor = view.prepare(&image, &item.sha256, self.images.preprocessing);
            tensor.map_err(|error| failed(error.to_string()))
        };
        wanted.par_iter().map(prepare).collect()
    }

    /// The backbones as they are now.
    fn weights(&self, before: &[WeightSet]) -> Result<Vec<WeightSet>, FineTuneError> {
        let all = self.how.unfreeze == Unfreeze::All;
        let net = |((backbone, _), before): (&(Backbone, ModuleOptimizer), &WeightSet)| {
            let provenance = Provenance::FineTuned {
                from: before.provenance.to_string(),
                unfrozen: self.how.unfreeze.to_string(),
                random: before.provenance.is_random() && !all,
            };
            let failed = |reason| FineTuneError::Training(TrainingError::Device { reason });
            backbone.with_net(backbone.net().valid()).weights(provenance).map_err(failed)
        };
        self.nets.iter().zip(before).map(net).collect()
    }
}

/// The joined features of prepared images, `[images, features]`.
fn features<'a>(
    nets: impl Iterator<Item = &'a Backbone>,
    preprocessing: &Preprocessing,
    inputs: &[InputTensor],
    device: &Device,
) -> Tensor<2> {
    let inputs: Vec<&InputTensor> = inputs.iter().collect();
    let pooled = nets.map(|net| {
        let adapter = input_adapter(preprocessing.scaling, net.conventions());
        net.pooled(batch_tensor(&inputs, preprocessing.size, adapter, device))
    });
    Tensor::cat(pooled.collect(), 1)
}
