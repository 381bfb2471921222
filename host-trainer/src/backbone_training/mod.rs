//! Training a whole backbone, or its last layers, end to end from images that every pass draws anew, so that it does not
//! learn what tells hospitals apart: the recipe `hardened`.
//!
//! Each backbone is trained alone, with a linear output of its own, and the head afterwards on the frozen result. The
//! images grow from pass to pass ([`Sizes`]); AdamW with decoupled weight decay, a linear warm-up and a cosine to zero over
//! all steps; gradients are clipped by their common norm. The result is not the last weights, but their exponential moving
//! average. Further outputs, for subclasses, and a teacher may add to the loss; none of them is exported.
//!
//! Where the whole backbone is trained, BatchNorm normalises by the batch and moves its running statistics, which are
//! averaged as the weights are. Where only layers are named, it keeps its running statistics.

mod average;
mod checkpoint;
mod clip;
mod drawn_batches;
mod error;
mod estimate;
mod image_store;
mod job;
mod logistic_regression;
mod loss;
mod options;
mod order;
mod schedule;
mod sizes;
mod student;
mod subclasses;
mod teacher;
mod trainer;
mod training;

pub use checkpoint::BackboneCheckpoint;
pub use error::BackboneTrainingError;
pub use estimate::{Clock, Speed, in_words};
pub use job::{BackboneImages, BackboneJob, GroupShares};
pub use options::{BackboneRecipe, TeacherFile};
pub use sizes::Sizes;
pub use subclasses::Subclasses;
pub use teacher::Teacher;
pub use training::{TrainedBackbone, train_backbone};
