//! Training the last layers of the backbones, or all of them, together with the head, from images.
//!
//! The head is trained on the frozen backbones first. Then images go through the nets again, and gradients flow
//! back as far as the first layer that [`Unfreeze`] names. BatchNorm keeps its running statistics, so that small
//! batches do not disturb what the frozen layers were trained with (its scale and shift are trained); only with
//! `all` it normalises by the batch and moves them, as in training from scratch.
//!
//! Several GPUs share each batch, with the workers of burn's strategy for them (`MultiDevicesTrainStep`, burn-train) and as
//! its `OptimMainDevice` does: gradients of the shares are added on the first GPU, which makes the step. Where BatchNorm
//! normalises by the batch, it is by the share of its GPU, and its running statistics become the mean of what the GPUs
//! have. burn takes that mean in an order of its own, so that three GPUs and more do not end with the same nets bit for
//! bit each time.

mod checkpoint;
mod error;
mod feed;
mod stack;
mod training;
mod tuner;
mod unfreeze;

pub use checkpoint::FineTuneCheckpoint;
pub use error::FineTuneError;
pub use training::{FineTune, FineTuned, Images, fine_tune};
pub use unfreeze::Unfreeze;
