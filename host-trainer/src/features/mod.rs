//! Pooled features of images: computed once and cached on disk.

mod audited_view;
mod burn_net;
mod cache;
mod error;
mod extractor;
mod feature_net;
mod hardened_view;
mod job;
mod model_net;
pub mod shard;
mod view;

pub use audited_view::AuditedView;
pub(crate) use burn_net::batch_tensor;
pub use cache::{CacheKey, FeatureCache};
pub use error::FeatureError;
pub use extractor::Extractor;
pub use job::{Extraction, FeatureJob, Progress};
pub use view::{AugmentedView, View, ViewError, Views, validation_views};
