//! Training the last layers of the backbones, or all of them, together with the head, from images.
//!
//! The classifier head is trained on the frozen backbones first. Then images go through the backbones again, and
//! gradients flow back as far as the first layer that [`Unfreeze`] names. BatchNorm keeps its running statistics, so that small
//! batches do not disturb what the frozen layers were trained with (its scale and shift are trained); only with
//! `all` it normalises by the batch and moves them, as in training from scratch.
//!
//! Several GPUs share each batch, with the workers of burn's strategy for them (`MultiDevicesTrainStep`, burn-train) and as
//! its `OptimMainDevice` does: the gradients of all parts of a batch are added on the first GPU, which makes the
//! step. Where BatchNorm normalises by the batch, it uses the part on its GPU, and its running statistics become the mean
//! over the GPUs. burn computes that mean in no fixed order, so that three GPUs and more do not give the same weights bit
//! for bit each time.

mod checkpoint;
mod error;
mod fine_tuner;
mod image_loader;
mod job;
mod stacked_model;
mod training;
mod unfreeze;

pub use checkpoint::FineTuneCheckpoint;
pub use error::FineTuneError;
pub use job::{FineTune, FineTuneJob, TuningImages};
pub use training::{FineTuned, fine_tune};
pub use unfreeze::Unfreeze;
