//! Training the last layers of the backbones, or all of them, together with the head, from images.
//!
//! The head is trained on the frozen backbones first. Then images go through the nets again, and gradients flow
//! back as far as the first layer that [`Unfreeze`] names. BatchNorm keeps its running statistics, so that small
//! batches do not disturb what the frozen layers were trained with (its scale and shift are trained); only with
//! `all` it normalises by the batch and moves them, as in training from scratch.
//!
//! Several GPUs share each batch, by burn's own strategy for them (`MultiDevice` with the optimiser on the first,
//! burn-train): gradients of the shares are added on the first GPU, which makes the step. Where BatchNorm normalises
//! by the batch, it is by the share of its GPU.

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
