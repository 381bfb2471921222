//! Runs images forward through the stacked model and gradients back.

use burn::data::dataloader::DataLoaderIterator;
use burn::module::{Module, ParamGroup};
use burn::nn::loss::BinaryCrossEntropyLoss;
use burn::optim::lr_scheduler::module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler};
use burn::optim::{AdamConfig, GradientsAccumulator, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn::train::InferenceStep;
use burn::train::train::{MultiDevicesTrainStep, MultiTrainOutput};
use rayon::prelude::*;

use super::checkpoint::State;
use super::image_loader::ImageLoader;
use super::stacked_model::{DeviceBatch, SingleBatch, StackedModel};
use super::{FineTuneError, FineTuneJob, Unfreeze};
use crate::architectures::BackboneKind;
use crate::backbones::Backbone;
use crate::data::Item;
use crate::features::View;
use crate::head::{
    ADAM_EPSILON, Head, HeadWeights, Step, TrainingError, TrainingSums, class_weights, load, loss_of, rng,
    values,
};
use crate::weights::{Provenance, WeightSet};

/// Fewest samples of a part of a batch: one sample has no variance, BatchNorm would give zeros.
const FEWEST: usize = 2;

fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_epsilon(ADAM_EPSILON).init()
}

/// A device that trains, with its loss function.
struct Worker {
    device: Device,
    loss: BinaryCrossEntropyLoss,
}

/// Which optimiser step of which epoch.
#[derive(Clone, Copy)]
struct StepIndex {
    epoch: usize,
    step: usize,
}

/// The stacked model in training.
pub(super) struct FineTuner<'a> {
    job: FineTuneJob<'a>,
    loader: ImageLoader<'a>,
    model: StackedModel,
    optimizer: ModuleOptimizer,
    workers: Vec<Worker>,
    /// The first device, which makes the optimiser steps.
    main: Device,
    devices: MultiDevicesTrainStep<StackedModel>,
}

impl<'a> FineTuner<'a> {
    pub fn new(job: FineTuneJob<'a>) -> Result<Self, FineTuneError> {
        let devices: Vec<Device> = job.devices.iter().map(|device| device.clone().autodiff()).collect();
        let main = devices.first().ok_or(FineTuneError::NoDevice)?.clone();
        let kinds: Vec<BackboneKind> = job.sets.iter().map(|set| set.backbone).collect();
        let trained = job.options.unfreeze.layers(&kinds)?;
        let nets = job
            .sets
            .iter()
            .zip(&trained)
            .map(|(set, trained)| Ok(Backbone::load_trained(set, trained, &main)?.into_net()))
            .collect::<Result<Vec<_>, FineTuneError>>()?;
        let model = StackedModel { nets, head: Head::of_weights(job.head, &main) };
        let conventions = job.sets.iter().map(|set| set.conventions.clone()).collect();
        let positives = job.images.train.iter().filter(|item| item.label).count();
        let weights = class_weights(job.training, job.images.train.len(), positives);
        let worker =
            |device: &Device| Worker { device: device.clone(), loss: loss_of(job.training, weights, device) };
        Ok(FineTuner {
            job,
            loader: ImageLoader { images: job.images, conventions },
            model,
            optimizer: adam(),
            workers: devices.iter().map(worker).collect(),
            main,
            devices: MultiDevicesTrainStep::new(&devices),
        })
    }

    /// One epoch over the training images.
    pub fn epoch<E: From<FineTuneError>>(
        &mut self,
        epoch: usize,
        mut observe: impl FnMut(Step) -> Result<(), E>,
    ) -> Result<TrainingSums, E> {
        let (config, train) = (self.job.training, self.job.images.train);
        let views = self.job.images.views.of_image();
        let order = rng::order(train.len(), config.seed, epoch);
        let chosen = rng::views(std::iter::repeat_n(views.len(), train.len()), config.seed, epoch);
        let mut sums = TrainingSums::default();
        for (step, batch) in order.chunks(config.batch_size).enumerate() {
            if batch.len() < FEWEST {
                continue;
            }
            let wanted: Vec<_> = batch.iter().map(|i| (&train[*i], &views[chosen[*i]])).collect();
            self.step(StepIndex { epoch, step }, &wanted, &mut sums)?;
            observe(sums.step(epoch, train.len()))?;
        }
        Ok(sums)
    }

    fn step(
        &mut self,
        index: StepIndex,
        wanted: &[(&Item, &View)],
        sums: &mut TrainingSums,
    ) -> Result<(), FineTuneError> {
        let labels: Vec<bool> = wanted.iter().map(|(item, _)| item.label).collect();
        let failed = |reason: String| TrainingError::Device { reason };
        let mut parts = self.split_batch(index, wanted)?;
        let outcome = self.devices.step(&mut parts, &self.model);
        let (mut outputs, _) = outcome.map_err(|error| failed(error.to_string()))?;
        // Outputs arrive in the order in which devices finish; the sum of gradients depends on the order.
        outputs.sort_by_key(|output| output.output.item.index);

        let mut gradients = GradientsAccumulator::new();
        let mut logits = Vec::with_capacity(labels.len());
        for MultiTrainOutput { output, .. } in outputs {
            gradients.accumulate(&self.model, output.grads.to_device(&self.main, &self.model));
            logits.extend(values(output.item.logits)?);
        }
        self.model = self.optimizer.step(self.rates(), self.model.clone(), gradients.grads());
        sums.add(&logits, &labels);
        Ok(())
    }

    /// Splits a batch evenly over the devices, in order.
    fn split_batch(
        &self,
        index: StepIndex,
        wanted: &[(&Item, &View)],
    ) -> Result<Vec<Box<dyn DataLoaderIterator<DeviceBatch>>>, FineTuneError> {
        let inputs = self.loader.prepare(wanted)?;
        let masks = rng::dropout(self.job.training, index.epoch, index.step, wanted.len(), &self.main);
        let count = self.workers.len().min(wanted.len() / FEWEST).max(1);
        let start = |index: usize| (index * wanted.len() / count).min(wanted.len());
        let part = |(index, worker): (usize, &Worker)| {
            let rows = start(index)..start(index + 1);
            if rows.is_empty() {
                return SingleBatch(None);
            }
            let targets: Vec<i64> =
                wanted[rows.clone()].iter().map(|(item, _)| i64::from(item.label)).collect();
            SingleBatch(Some(DeviceBatch {
                index,
                fraction: rows.len() as f64 / wanted.len() as f64,
                images: self.loader.tensors(&inputs[rows.clone()], &worker.device),
                targets: Tensor::<1, Int>::from_data(TensorData::new(targets, [rows.len()]), &worker.device),
                masks: masks.rows(rows, &worker.device),
                loss: worker.loss.clone(),
            }))
        };
        let boxed = |part| Box::new(part) as Box<dyn DataLoaderIterator<DeviceBatch>>;
        Ok(self.workers.iter().enumerate().map(part).map(boxed).collect())
    }

    /// Backbones and head have different learning rates.
    fn rates(&self) -> ModuleLearningRate {
        let head = ParamGroup::ids_from_module(self.model.head.clone());
        ModuleLrScheduler::new(self.job.options.learning_rate)
            .with_group(head, self.job.training.learning_rate)
            .step()
    }

    /// The state of model and optimiser after [`FineTuner::score`], which settles the running statistics of BatchNorm,
    /// which burn keeps one step behind.
    pub fn state(&self) -> Result<State, FineTuneError> {
        Ok(State::of(&self.model, &self.optimizer)?)
    }

    /// Sets model and optimiser to what [`FineTuner::state`] returned.
    pub fn restore(&mut self, state: &State) -> Result<(), FineTuneError> {
        (self.model, self.optimizer) = state.restore(self.model.clone(), adam())?;
        Ok(())
    }

    /// Logits of the validation images; each device scores a part of them.
    pub fn score(&self) -> Result<Vec<f64>, FineTuneError> {
        let (model, loader, batch_size) = (&self.model, &self.loader, self.job.training.batch_size);
        let part = loader.images.validation.len().div_ceil(self.workers.len()).max(1);
        let parts = loader.images.validation.par_chunks(part).zip(&self.workers);
        let scored = parts.map(|(images, worker)| {
            let device = worker.device.clone().inner();
            // A fork has running statistics of its own: those of clones would be moved from device to device.
            let model = model.valid().fork(&device);
            let mut logits = Vec::with_capacity(images.len());
            for batch in images.chunks(batch_size) {
                let tensors = loader.tensors(&loader.prepare(batch)?, &device);
                let scored = InferenceStep::step(&model, tensors);
                logits.extend(values(scored.logits)?.into_iter().map(f64::from));
            }
            Ok(logits)
        });
        Ok(scored.collect::<Result<Vec<_>, FineTuneError>>()?.concat())
    }

    /// Backbones and head of a saved model.
    pub fn weights_of(&self, model: &[u8]) -> Result<(Vec<WeightSet>, HeadWeights), FineTuneError> {
        let model = load(self.model.clone(), model)?.valid();
        let all = self.job.options.unfreeze == Unfreeze::All;
        let set = |(net, before): (_, &WeightSet)| {
            let provenance = Provenance::FineTuned {
                from: before.provenance.to_string(),
                unfrozen: self.job.options.unfreeze.to_string(),
                random: before.provenance.is_random() && !all,
            };
            let failed = |reason| FineTuneError::Training(TrainingError::Device { reason });
            Backbone::of_net(before.backbone, &before.conventions, net).weights(provenance).map_err(failed)
        };
        let sets = model.nets.into_iter().zip(self.job.sets).map(set).collect::<Result<_, _>>()?;
        Ok((sets, model.head.weights()?))
    }
}
