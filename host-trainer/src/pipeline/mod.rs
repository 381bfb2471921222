//! Steps that several commands share: loading backbones, computing features, training the classifier head, int8 backbones,
//! screening images, and what a command reports while it works.

mod base_model;
mod contract;
mod event;
mod feature_jobs;
mod head_fit;
mod image_shares;
mod int8_backbones;
mod loaded_backbones;
mod quality_gate_fit;
mod run_images;
mod screening;
mod source;

pub(crate) use base_model::BaseModel;
pub(crate) use contract::{contract_of_run, figures, set_validation_figures};
pub use event::{Event, TrainingTarget};
pub(crate) use feature_jobs::{FeatureJobs, ValidationSamples, ViewOptions, validation_score};
pub(crate) use head_fit::{Checkpointing, FittedHead, HeadFit};
pub(crate) use image_shares::ImageShares;
pub(crate) use int8_backbones::Int8Backbones;
pub(crate) use loaded_backbones::LoadedBackbones;
pub(crate) use quality_gate_fit::QualityGateFitting;
pub use run_images::RunImages;
pub(crate) use run_images::{calibration_images, measure_activation_ranges};
pub(crate) use screening::{ScreenedImages, class_names, device_probabilities, load_screener, screen_images};
pub use source::{BackboneSource, FeaturePrecision, FeatureSource};
pub(crate) use source::{LoadedSource, PreparedFeatures, patient_count};
