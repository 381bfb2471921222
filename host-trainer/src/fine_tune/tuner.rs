//! Images through nets and head, gradients back.

use burn::module::Module;
use burn::nn::loss::BinaryCrossEntropyLoss;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;
use xray_core::intake;
use xray_core::preprocess::{InputTensor, Preprocessing};

use super::checkpoint::Part;
use super::training::{FineTune, Images};
use super::{FineTuneError, Unfreeze};
use crate::backbones::{Backbone, BackboneKind, input_adapter};
use crate::data::Item;
use crate::features::{View, batch_tensor};
use crate::head::{
    ADAM_EPSILON, DropoutMasks, Head, HeadWeights, Step, Sums, TrainingConfig, TrainingError, class_weights,
    draws, load, loss_of, values,
};
use crate::weights::{Provenance, WeightSet};

fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_epsilon(ADAM_EPSILON).init()
}

/// Nets and head in training.
pub(super) struct Tuner<'a> {
    images: Images<'a>,
    how: &'a FineTune,
    config: &'a TrainingConfig,
    loss: BinaryCrossEntropyLoss,
    nets: Vec<(Backbone, ModuleOptimizer)>,
    head: Head,
    head_optimizer: ModuleOptimizer,
    device: Device,
}

impl<'a> Tuner<'a> {
    pub fn new(
        (sets, head): (&[WeightSet], &HeadWeights),
        images: Images<'a>,
        (how, config): (&'a FineTune, &'a TrainingConfig),
        device: &Device,
    ) -> Result<Self, FineTuneError> {
        let device = device.clone().autodiff();
        let kinds: Vec<BackboneKind> = sets.iter().map(|set| set.backbone).collect();
        let trained = how.unfreeze.layers(&kinds)?;
        let nets = sets
            .iter()
            .zip(&trained)
            .map(|(set, trained)| Ok((Backbone::load_trained(set, trained, &device)?, adam())))
            .collect::<Result<_, FineTuneError>>()?;
        let positives = images.train.iter().filter(|item| item.label).count();
        let weights = class_weights(config, images.train.len(), positives);
        Ok(Tuner {
            loss: loss_of(config, weights, &device),
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
    pub fn pass<E: From<FineTuneError>>(
        &mut self,
        epoch: usize,
        mut observe: impl FnMut(Step) -> Result<(), E>,
    ) -> Result<Sums, E> {
        let (config, train) = (self.config, self.images.train);
        let views = self.images.views.of_image();
        let order = draws::order(train.len(), config.seed, epoch);
        let chosen = draws::views(std::iter::repeat_n(views.len(), train.len()), config.seed, epoch);
        let mut sums = Sums::default();
        for (step, batch) in order.chunks(config.batch_size).enumerate() {
            // One sample has no variance: BatchNorm would give zeros.
            if batch.len() < 2 {
                continue;
            }
            let wanted: Vec<_> = batch.iter().map(|i| (&train[*i], &views[chosen[*i]])).collect();
            let masks = draws::dropout(config, epoch, step, batch.len(), &self.device);
            self.step(&wanted, masks, &mut sums)?;
            observe(sums.step(epoch, train.len()))?;
        }
        Ok(sums)
    }

    fn step(
        &mut self,
        wanted: &[(&Item, &View)],
        masks: DropoutMasks,
        sums: &mut Sums,
    ) -> Result<(), FineTuneError> {
        let inputs = self.prepare(wanted)?;
        let features = self.features(&inputs, &self.device);
        let logits = self.head.forward(features, Some(masks)).flatten::<1>(0, 1);
        let labels: Vec<bool> = wanted.iter().map(|(item, _)| item.label).collect();
        let targets: Vec<i64> = labels.iter().copied().map(i64::from).collect();
        let targets = Tensor::<1, Int>::from_data(TensorData::new(targets, [labels.len()]), &self.device);
        let mut gradients = self.loss.forward(logits.clone(), targets).backward();

        for (backbone, optimizer) in &mut self.nets {
            let of_net = GradientsParams::from_module(&mut gradients, backbone.net());
            let net = optimizer.step(self.how.learning_rate, backbone.net().clone(), of_net);
            *backbone = backbone.with_net(net);
        }
        let of_head = GradientsParams::from_module(&mut gradients, &self.head);
        self.head = self.head_optimizer.step(self.config.learning_rate, self.head.clone(), of_head);
        sums.add(&values(logits.inner())?, &labels);
        Ok(())
    }

    /// Nets and head as they are now.
    pub fn parts(&self) -> Result<Vec<Part>, FineTuneError> {
        let nets = self.nets.iter().map(|(backbone, optimizer)| Part::of(backbone.net(), optimizer));
        let head = std::iter::once_with(|| Part::of(&self.head, &self.head_optimizer));
        Ok(nets.chain(head).collect::<Result<_, _>>()?)
    }

    /// Nets, head and optimisers as [`Tuner::parts`] gave them; none: as they came.
    pub fn restore(&mut self, parts: &[Part]) -> Result<(), FineTuneError> {
        let Some((head, nets)) = parts.split_last() else { return Ok(()) };
        for ((backbone, optimizer), part) in self.nets.iter_mut().zip(nets) {
            let (net, moments) = part.restore(backbone.net().clone(), adam())?;
            (*backbone, *optimizer) = (backbone.with_net(net), moments);
        }
        (self.head, self.head_optimizer) = head.restore(self.head.clone(), adam())?;
        Ok(())
    }

    /// Nets and head of the pass that is kept.
    pub fn take_back(&mut self, modules: &[serde_bytes::ByteBuf]) -> Result<(), FineTuneError> {
        let Some((head, nets)) = modules.split_last() else { return Ok(()) };
        for ((backbone, _), bytes) in self.nets.iter_mut().zip(nets) {
            *backbone = backbone.with_net(load(backbone.net().clone(), bytes)?);
        }
        self.head = load(self.head.clone(), head)?;
        Ok(())
    }

    /// Logits of the validation images.
    pub fn score(&self) -> Result<Vec<f64>, FineTuneError> {
        let plain = self.device.clone().inner();
        let nets = self.nets.iter().map(|(backbone, _)| backbone.with_net(backbone.net().valid()));
        let nets: Vec<Backbone> = nets.collect();
        let head = self.head.valid();
        let mut logits = Vec::with_capacity(self.images.validation.len());
        for batch in self.images.validation.chunks(self.config.batch_size) {
            let inputs = self.prepare(batch)?;
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

    /// The head as it is now.
    pub fn head(&self) -> Result<HeadWeights, FineTuneError> {
        Ok(self.head.valid().weights()?)
    }

    /// The backbones as they are now.
    pub fn weights(&self, before: &[WeightSet]) -> Result<Vec<WeightSet>, FineTuneError> {
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
