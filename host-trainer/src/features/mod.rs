//! Pooled features of images: computed once, kept on disk.

mod burn_net;
mod cache;
mod error;
mod extract;
mod hardened_view;
mod model_net;
pub mod shard;
mod view;

pub(crate) use burn_net::batch_tensor;
pub use cache::{CacheKey, FeatureCache};
pub use error::FeatureError;
pub use extract::{Extraction, Extractor, Job, Progress};
pub use view::{Varied, View, ViewError, Views, validation_views};
