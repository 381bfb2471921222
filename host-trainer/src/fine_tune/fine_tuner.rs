//! Images through nets and head, gradients back.

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
use super::feed::Feed;
use super::stack::{OneStep, Share, Stack};
use super::training::{FineTune, Images};
use super::{FineTuneError, Unfreeze};
use crate::backbones::{Backbone, BackboneKind};
use crate::data::Item;
use crate::features::View;
use crate::head::{
    ADAM_EPSILON, Head, HeadWeights, Step, Sums, TrainingConfig, TrainingError, class_weights, draws, load,
    loss_of, values,
};
use crate::weights::{Provenance, WeightSet};

/// Of a share: one sample has no variance, BatchNorm would give zeros.
const FEWEST: usize = 2;

fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_epsilon(ADAM_EPSILON).init()
}

/// A device that trains, with what it holds for good.
struct Worker {
    device: Device,
    loss: BinaryCrossEntropyLoss,
}

/// Nets and head in training.
pub(super) struct Tuner<'a> {
    feed: Feed<'a>,
    how: &'a FineTune,
    config: &'a TrainingConfig,
    stack: Stack,
    optimizer: ModuleOptimizer,
    workers: Vec<Worker>,
    /// The first of them, which makes the steps.
    main: Device,
    together: MultiDevicesTrainStep<Stack>,
}

impl<'a> Tuner<'a> {
    pub fn new(
        (sets, head): (&[WeightSet], &HeadWeights),
        images: Images<'a>,
        (how, config): (&'a FineTune, &'a TrainingConfig),
        devices: &[Device],
    ) -> Result<Self, FineTuneError> {
        let devices: Vec<Device> = devices.iter().map(|device| device.clone().autodiff()).collect();
        let main = devices.first().ok_or(FineTuneError::NoDevice)?.clone();
        let kinds: Vec<BackboneKind> = sets.iter().map(|set| set.backbone).collect();
        let trained = how.unfreeze.layers(&kinds)?;
        let nets = sets
            .iter()
            .zip(&trained)
            .map(|(set, trained)| Ok(Backbone::load_trained(set, trained, &main)?.into_net()))
            .collect::<Result<Vec<_>, FineTuneError>>()?;
        let stack = Stack { nets, head: Head::of_weights(head, &main) };
        let conventions = sets.iter().map(|set| set.conventions.clone()).collect();
        let positives = images.train.iter().filter(|item| item.label).count();
        let weights = class_weights(config, images.train.len(), positives);
        let worker =
            |device: &Device| Worker { device: device.clone(), loss: loss_of(config, weights, device) };
        Ok(Tuner {
            feed: Feed { images, conventions },
            how,
            config,
            stack,
            optimizer: adam(),
            workers: devices.iter().map(worker).collect(),
            main,
            together: MultiDevicesTrainStep::new(&devices),
        })
    }

    /// One pass over the training images.
    pub fn pass<E: From<FineTuneError>>(
        &mut self,
        epoch: usize,
        mut observe: impl FnMut(Step) -> Result<(), E>,
    ) -> Result<Sums, E> {
        let (config, train) = (self.config, self.feed.images.train);
        let views = self.feed.images.views.of_image();
        let order = draws::order(train.len(), config.seed, epoch);
        let chosen = draws::views(std::iter::repeat_n(views.len(), train.len()), config.seed, epoch);
        let mut sums = Sums::default();
        for (step, batch) in order.chunks(config.batch_size).enumerate() {
            if batch.len() < FEWEST {
                continue;
            }
            let wanted: Vec<_> = batch.iter().map(|i| (&train[*i], &views[chosen[*i]])).collect();
            self.step((epoch, step), &wanted, &mut sums)?;
            observe(sums.step(epoch, train.len()))?;
        }
        Ok(sums)
    }

    fn step(
        &mut self,
        place: (usize, usize),
        wanted: &[(&Item, &View)],
        sums: &mut Sums,
    ) -> Result<(), FineTuneError> {
        let labels: Vec<bool> = wanted.iter().map(|(item, _)| item.label).collect();
        let failed = |reason: String| TrainingError::Device { reason };
        let mut shares = self.shares(place, wanted)?;
        let outcome = self.together.step(&mut shares, &self.stack);
        let (mut outputs, _) = outcome.map_err(|error| failed(error.to_string()))?;
        // They come as they are finished; the sum of gradients depends on its order.
        outputs.sort_by_key(|output| output.output.item.index);

        let mut gradients = GradientsAccumulator::new();
        let mut logits = Vec::with_capacity(labels.len());
        for MultiTrainOutput { output, .. } in outputs {
            gradients.accumulate(&self.stack, output.grads.to_device(&self.main, &self.stack));
            logits.extend(values(output.item.logits)?);
        }
        self.stack = self.optimizer.step(self.rates(), self.stack.clone(), gradients.grads());
        sums.add(&logits, &labels);
        Ok(())
    }

    /// A batch, dealt out evenly in its order.
    fn shares(
        &self,
        (epoch, step): (usize, usize),
        wanted: &[(&Item, &View)],
    ) -> Result<Vec<Box<dyn DataLoaderIterator<Share>>>, FineTuneError> {
        let inputs = self.feed.prepare(wanted)?;
        let masks = draws::dropout(self.config, epoch, step, wanted.len(), &self.main);
        let count = self.workers.len().min(wanted.len() / FEWEST).max(1);
        let start = |index: usize| (index * wanted.len() / count).min(wanted.len());
        let share = |(index, worker): (usize, &Worker)| {
            let rows = start(index)..start(index + 1);
            if rows.is_empty() {
                return OneStep(None);
            }
            let targets: Vec<i64> =
                wanted[rows.clone()].iter().map(|(item, _)| i64::from(item.label)).collect();
            OneStep(Some(Share {
                index,
                part: rows.len() as f64 / wanted.len() as f64,
                images: self.feed.tensors(&inputs[rows.clone()], &worker.device),
                targets: Tensor::<1, Int>::from_data(TensorData::new(targets, [rows.len()]), &worker.device),
                masks: masks.rows(rows, &worker.device),
                loss: worker.loss.clone(),
            }))
        };
        let boxed = |share| Box::new(share) as Box<dyn DataLoaderIterator<Share>>;
        Ok(self.workers.iter().enumerate().map(share).map(boxed).collect())
    }

    /// Backbones and head have step sizes of their own.
    fn rates(&self) -> ModuleLearningRate {
        let head = ParamGroup::ids_from_module(self.stack.head.clone());
        ModuleLrScheduler::new(self.how.learning_rate).with_group(head, self.config.learning_rate).step()
    }

    /// Nets, head and optimiser as they are now, after [`Tuner::score`]: that settles the running statistics of BatchNorm,
    /// which burn keeps one step behind.
    pub fn state(&self) -> Result<State, FineTuneError> {
        Ok(State::of(&self.stack, &self.optimizer)?)
    }

    /// Nets, head and optimiser as [`Tuner::state`] gave them.
    pub fn restore(&mut self, state: &State) -> Result<(), FineTuneError> {
        (self.stack, self.optimizer) = state.restore(self.stack.clone(), adam())?;
        Ok(())
    }

    /// Logits of the validation images; each device scores a part of them.
    pub fn score(&self) -> Result<Vec<f64>, FineTuneError> {
        let (stack, feed, batch_size) = (&self.stack, &self.feed, self.config.batch_size);
        let part = feed.images.validation.len().div_ceil(self.workers.len()).max(1);
        let parts = feed.images.validation.par_chunks(part).zip(&self.workers);
        let scored = parts.map(|(images, worker)| {
            let device = worker.device.clone().inner();
            // Running statistics of its own: those of clones would be moved from device to device.
            let stack = stack.valid().fork(&device);
            let mut logits = Vec::with_capacity(images.len());
            for batch in images.chunks(batch_size) {
                let tensors = feed.tensors(&feed.prepare(batch)?, &device);
                let scored = InferenceStep::step(&stack, tensors);
                logits.extend(values(scored.logits)?.into_iter().map(f64::from));
            }
            Ok(logits)
        });
        Ok(scored.collect::<Result<Vec<_>, FineTuneError>>()?.concat())
    }

    /// Backbones and head of a pass that was kept; `before` are the backbones as they came.
    pub fn weights_of(
        &self,
        stack: &[u8],
        before: &[WeightSet],
    ) -> Result<(Vec<WeightSet>, HeadWeights), FineTuneError> {
        let stack = load(self.stack.clone(), stack)?.valid();
        let all = self.how.unfreeze == Unfreeze::All;
        let set = |(net, before): (_, &WeightSet)| {
            let provenance = Provenance::FineTuned {
                from: before.provenance.to_string(),
                unfrozen: self.how.unfreeze.to_string(),
                random: before.provenance.is_random() && !all,
            };
            let failed = |reason| FineTuneError::Training(TrainingError::Device { reason });
            Backbone::of_net(before.backbone, &before.conventions, net).weights(provenance).map_err(failed)
        };
        let sets = stack.nets.into_iter().zip(before).map(set).collect::<Result<_, _>>()?;
        Ok((sets, stack.head.weights()?))
    }
}
