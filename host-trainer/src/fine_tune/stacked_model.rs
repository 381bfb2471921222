//! The stacked model as one burn module: several backbones side by side whose features are joined, and the classifier head
//! on top. It is trained on one device, or on several that each compute a part of every batch.

use burn::data::dataloader::{DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::module::Module;
use burn::nn::loss::BinaryCrossEntropyLoss;
use burn::tensor::{ExecutionError, Int, Tensor};
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};

use crate::backbones::Net;
use crate::head::{DropoutMasks, Head};

/// Backbones and classifier head.
#[derive(Module, Debug)]
pub(super) struct StackedModel {
    pub nets: Vec<Net>,
    pub head: Head,
}

/// The part of a batch that one device computes.
pub(super) struct DeviceBatch {
    /// Its position among the parts of the batch.
    pub index: usize,
    /// Its size as a fraction of the batch, 0 to 1.
    pub fraction: f64,
    /// Images as each net takes them, `[images, 3, size, size]`.
    pub images: Vec<Tensor<4>>,
    /// Labels, 0 or 1.
    pub targets: Tensor<1, Int>,
    pub masks: DropoutMasks,
    pub loss: BinaryCrossEntropyLoss,
}

/// Logits of a part of a batch, `[images]`.
pub(super) struct DeviceLogits {
    /// The position of the part.
    pub index: usize,
    pub logits: Tensor<1>,
}

impl ItemLazy for DeviceLogits {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

impl StackedModel {
    /// Logits of images, prepared for each backbone by its own conventions.
    fn logits(&self, images: Vec<Tensor<4>>, masks: Option<DropoutMasks>) -> Tensor<1> {
        let pooled = self.nets.iter().zip(images).map(|(net, images)| net.pooled(images));
        self.head.forward(Tensor::cat(pooled.collect(), 1), masks).flatten::<1>(0, 1)
    }
}

impl TrainStep for StackedModel {
    type Input = DeviceBatch;
    type Output = DeviceLogits;

    /// The loss of a batch is a mean over its images, so that the gradients of its parts, each weighted by its fraction,
    /// add up to those of the batch.
    fn step(&self, batch: DeviceBatch) -> TrainOutput<DeviceLogits> {
        let logits = self.logits(batch.images, Some(batch.masks));
        let loss = batch.loss.forward(logits.clone(), batch.targets).mul_scalar(batch.fraction);
        TrainOutput::new(self, loss.backward(), DeviceLogits { index: batch.index, logits: logits.inner() })
    }
}

impl InferenceStep for StackedModel {
    type Input = Vec<Tensor<4>>;
    type Output = DeviceLogits;

    fn step(&self, images: Vec<Tensor<4>>) -> DeviceLogits {
        DeviceLogits { index: 0, logits: self.logits(images, None) }
    }
}

/// An iterator over one part of a batch, as burn expects it; empty if the batch is too small for all devices.
pub(super) struct SingleBatch(pub Option<DeviceBatch>);

impl Iterator for SingleBatch {
    type Item = Result<DeviceBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl DataLoaderIterator<DeviceBatch> for SingleBatch {
    fn progress(&self) -> Progress {
        Progress::new(1, 1, None)
    }
}
