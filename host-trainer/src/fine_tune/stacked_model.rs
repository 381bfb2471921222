//! Nets and head as one module, as burn trains it: on one device, or on several that share each batch.

use burn::data::dataloader::{DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::module::Module;
use burn::nn::loss::BinaryCrossEntropyLoss;
use burn::tensor::{ExecutionError, Int, Tensor};
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};

use crate::backbones::Net;
use crate::head::{DropoutMasks, Head};

/// Everything that is trained.
#[derive(Module, Debug)]
pub(super) struct Stack {
    pub nets: Vec<Net>,
    pub head: Head,
}

/// What one device does of a step.
pub(super) struct Share {
    /// Its place among the shares of the batch.
    pub index: usize,
    /// Its part of the batch, 0 to 1.
    pub part: f64,
    /// Images as each net takes them, `[images, 3, size, size]`.
    pub images: Vec<Tensor<4>>,
    /// The truth, 0 or 1.
    pub targets: Tensor<1, Int>,
    pub masks: DropoutMasks,
    pub loss: BinaryCrossEntropyLoss,
}

/// Logits of a share, `[images]`.
pub(super) struct Logits {
    /// The place of the share.
    pub index: usize,
    pub logits: Tensor<1>,
}

impl ItemLazy for Logits {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

impl Stack {
    /// Logits of images that each net takes in its own form.
    fn logits(&self, images: Vec<Tensor<4>>, masks: Option<DropoutMasks>) -> Tensor<1> {
        let pooled = self.nets.iter().zip(images).map(|(net, images)| net.pooled(images));
        self.head.forward(Tensor::cat(pooled.collect(), 1), masks).flatten::<1>(0, 1)
    }
}

impl TrainStep for Stack {
    type Input = Share;
    type Output = Logits;

    /// The loss of a batch is a mean over its images, so that the gradients of the shares, each weighed by its part, add up
    /// to those of the batch.
    fn step(&self, share: Share) -> TrainOutput<Logits> {
        let logits = self.logits(share.images, Some(share.masks));
        let loss = share.loss.forward(logits.clone(), share.targets).mul_scalar(share.part);
        TrainOutput::new(self, loss.backward(), Logits { index: share.index, logits: logits.inner() })
    }
}

impl InferenceStep for Stack {
    type Input = Vec<Tensor<4>>;
    type Output = Logits;

    fn step(&self, images: Vec<Tensor<4>>) -> Logits {
        Logits { index: 0, logits: self.logits(images, None) }
    }
}

/// The share of one device in one step, in the form in which burn asks for it; none if the batch is too small for all.
pub(super) struct OneStep(pub Option<Share>);

impl Iterator for OneStep {
    type Item = Result<Share, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl DataLoaderIterator<Share> for OneStep {
    fn progress(&self) -> Progress {
        Progress::new(1, 1, None)
    }
}
