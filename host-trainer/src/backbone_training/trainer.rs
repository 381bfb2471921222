//! Makes the steps of a training.

use burn::module::{Module, ParamGroup};
use burn::optim::lr_scheduler::module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use xray_core::preprocess::InputTensor;

use super::average::moved;
use super::checkpoint::TrainerState;
use super::clip::clipped;
use super::image_store::ImageStore;
use super::order::Shown;
use super::schedule::{Schedule, kept_part};
use super::student::{Outputs, Student};
use super::{BackboneJob, BackboneTrainingError, loss};
use crate::backbones::{Backbone, input_adapter};
use crate::features::batch_tensor;
use crate::head::{load, load_optimizer, module_bytes, rng, unusable, values};
use crate::weights::{Provenance, WeightSet};

/// As PyTorch's AdamW.
const ADAM_EPSILON: f32 = 1e-8;
/// How much faster than the backbone its linear outputs learn.
const OUTPUTS_FASTER: f64 = 3.0;

/// A backbone in training.
pub(super) struct Trainer<'a> {
    job: BackboneJob<'a>,
    schedule: Schedule,
    /// One that records gradients.
    device: Device,
    model: Student,
    /// The moving average of the model.
    average: Student,
    optimizer: ModuleOptimizer,
}

/// One step of a pass.
pub(super) struct Step<'a> {
    /// Counted from 1.
    pub pass: usize,
    /// In the pass, counted from 0.
    pub in_pass: usize,
    /// In the whole training, counted from 0.
    pub overall: usize,
    pub shown: &'a [Shown],
    /// The drawn images.
    pub inputs: Vec<InputTensor>,
    /// Their side in pixels.
    pub side: usize,
}

fn adam_w(weight_decay: f64) -> ModuleOptimizer {
    AdamWConfig::new().with_epsilon(ADAM_EPSILON).with_weight_decay(weight_decay as f32).init()
}

impl<'a> Trainer<'a> {
    /// Puts the backbone on the device; `steps` are those of the whole training.
    pub fn new(job: BackboneJob<'a>, steps: usize) -> Result<Self, BackboneTrainingError> {
        let device = job.device.clone().autodiff();
        let net = Backbone::load_trained(job.set, job.layers, &device)?.into_net();
        let features = job.set.backbone.features();
        let subclasses = if job.recipe.subclass_weight > 0.0 { job.images.subclasses.count() } else { 0 };
        let taught = job.teacher.map(super::Teacher::width);
        let model = Student { net, outputs: Outputs::new(features, subclasses, taught, job.seed, &device) };
        let schedule = Schedule { peak: job.recipe.learning_rate, warm_up: job.recipe.warm_up, steps };
        let average = model.valid();
        let optimizer = adam_w(job.recipe.weight_decay);
        Ok(Trainer { job, schedule, device, model, average, optimizer })
    }

    /// The learning rate of the backbone in a step, counted from 0.
    pub fn rate(&self, step: usize) -> f64 {
        self.schedule.rate(step)
    }

    /// Makes a step; returns the logits of the finding before it.
    pub fn step(&mut self, step: &Step<'_>) -> Result<Vec<f32>, BackboneTrainingError> {
        let (loss, logits) = self.loss(step);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        let gradients = clipped(&self.model, gradients, self.job.recipe.clip);
        self.model = self.optimizer.step(self.rates(step.overall), self.model.clone(), gradients);
        // Taking the model without gradients settles the running statistics, which burn keeps one step behind.
        let kept = kept_part(self.job.recipe.average, step.overall + 1);
        self.average = moved(self.average.clone(), &self.model.valid(), kept);
        Ok(values(logits.inner())?)
    }

    /// The loss of a step and the logits of the finding.
    fn loss(&self, step: &Step<'_>) -> (Tensor<1>, Tensor<1>) {
        let BackboneJob { recipe, images, .. } = &self.job;
        let inputs: Vec<&InputTensor> = step.inputs.iter().collect();
        let labels: Vec<bool> = step.shown.iter().map(|shown| images.train[shown.image].label).collect();
        let features = self.job.set.backbone.features();
        let mut rng = rng::of_step(self.job.seed, step.pass, step.in_pass);
        let mask = rng::mask(&mut rng, recipe.dropout as f32, [labels.len(), features], &self.device);
        let answers = self.model.answers(self.tensor(&inputs, step.side, &self.device), Some(mask));

        let smoothed = |label: &bool| {
            (if *label { 1.0 - recipe.label_smoothing } else { 0.0 } + recipe.label_smoothing / 2.0) as f32
        };
        let targets = self.vector(labels.iter().map(smoothed).collect());
        let weights = self.job.class_weights;
        let weights = weights
            .map(|weights| self.vector(labels.iter().map(|label| weights[usize::from(*label)]).collect()));
        let mut loss = loss::binary(answers.finding.clone(), targets, weights);
        if let Some(logits) = answers.subclasses
            && let Some((targets, known)) = self.subclass_targets(step.shown)
        {
            loss = loss + loss::subclasses(logits, targets, known).mul_scalar(recipe.subclass_weight);
        }
        if let (Some(teacher), Some(projected)) = (self.job.teacher, answers.projected) {
            let taught = teacher.answers(&inputs, images.preprocessing.scaling, step.side);
            let probabilities = Tensor::from_inner(taught.probabilities);
            let distance = loss::cosine_distance(projected, Tensor::from_inner(taught.features));
            loss = loss.mul_scalar(loss::LABELS_BESIDE_TEACHER)
                + loss::binary(answers.finding.clone(), probabilities, None)
                + distance.mul_scalar(loss::TEACHER_FEATURES);
        }
        (loss, answers.finding)
    }

    /// Rows with a 1 at the subclass of each image, and how many have one; none if no image of the batch has.
    fn subclass_targets(&self, shown: &[Shown]) -> Option<(Tensor<2>, usize)> {
        let subclasses = self.job.images.subclasses;
        let width = subclasses.count();
        let mut rows = vec![0.0_f32; shown.len() * width];
        let mut known = 0;
        for (row, shown) in rows.chunks_exact_mut(width).zip(shown) {
            if let Some(subclass) = subclasses.of(shown.image) {
                row[subclass] = 1.0;
                known += 1;
            }
        }
        let rows = TensorData::new(rows, [shown.len(), width]);
        (known > 0).then(|| (Tensor::from_data(rows, &self.device), known))
    }

    fn vector(&self, elements: Vec<f32>) -> Tensor<1> {
        let count = elements.len();
        Tensor::from_data(TensorData::new(elements, [count]), &self.device)
    }

    /// Images as the backbone takes them.
    fn tensor(&self, inputs: &[&InputTensor], side: usize, device: &Device) -> Tensor<4> {
        let adapter = input_adapter(self.job.images.preprocessing.scaling, &self.job.set.conventions);
        batch_tensor(inputs, side, adapter, device)
    }

    fn rates(&self, step: usize) -> ModuleLearningRate {
        let outputs = ParamGroup::ids_from_module(self.model.outputs.clone());
        let rate = self.schedule.rate(step);
        ModuleLrScheduler::new(rate).with_group(outputs, OUTPUTS_FASTER * rate).step()
    }

    /// Logits of images as they are, under the averaged weights.
    pub fn score(&self, store: &ImageStore<'_>) -> Result<Vec<f64>, BackboneTrainingError> {
        let mut logits = Vec::new();
        for inputs in store.plain(self.job.recipe.batch_size) {
            let inputs = inputs?;
            let inputs: Vec<&InputTensor> = inputs.iter().collect();
            let answers = self.average.answers(self.tensor(&inputs, store.side(), self.job.device), None);
            logits.extend(values(answers.finding)?.into_iter().map(f64::from));
        }
        Ok(logits)
    }

    pub fn state(&self) -> Result<TrainerState, BackboneTrainingError> {
        Ok(TrainerState {
            model: module_bytes(&self.model)?,
            average: module_bytes(&self.average)?,
            optimizer: self.optimizer.into_bytes().map_err(unusable)?.to_vec(),
        })
    }

    /// Sets everything to what [`Trainer::state`] returned.
    pub fn restore(&mut self, state: &TrainerState) -> Result<(), BackboneTrainingError> {
        self.model = load(self.model.clone(), &state.model)?;
        self.average = load(self.average.clone(), &state.average)?;
        self.optimizer = load_optimizer(adam_w(self.job.recipe.weight_decay), &state.optimizer)?;
        Ok(())
    }

    /// The averaged weights of the backbone.
    pub fn weights(&self, provenance: Provenance) -> Result<WeightSet, BackboneTrainingError> {
        let set = self.job.set;
        let backbone = Backbone::of_net(set.backbone, &set.conventions, self.average.net.clone());
        let failed = |reason| crate::head::TrainingError::Device { reason };
        Ok(backbone.weights(provenance).map_err(failed)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use burn::module::Param;
    use burn::nn::Linear;

    use super::*;

    /// torch.optim.AdamW with a rate of .1 and a decay of .02 on weights of 1 and -2 with these gradients.
    #[test]
    fn a_step_is_that_of_pytorch() {
        let device = Device::flex().autodiff();
        let weight = Tensor::<2>::from_data(TensorData::from([[1.0_f32], [-2.0]]), &device);
        let mut module = Linear { weight: Param::from_tensor(weight), bias: None };
        let mut optimizer = adam_w(0.02);
        let steps = [
            ([3.0_f32, 4.0], [0.898, -2.096]),
            ([-1.0, 8.0], [0.856_182_1, -2.188_326_2]),
            ([0.5, -2.0], [0.813_927_2, -2.242_810_2]),
        ];
        for (gradient, expected) in steps {
            let input = Tensor::<2>::from_data(TensorData::from([gradient]), &device);
            let gradients = GradientsParams::from_grads(module.forward(input).sum().backward(), &module);
            module = optimizer.step(0.1, module, gradients);
            let weights = module.weight.val().into_data().try_to_vec::<f32>().unwrap();
            for (weight, expected) in weights.iter().zip(expected) {
                assert!((f64::from(*weight) - expected).abs() < 2e-6, "{weight} against {expected}");
            }
        }
    }
}
