//! Pooled features of images: computed once, kept on disk.

mod burn_net;
mod cache;
mod error;
mod extract;
mod model_net;
pub mod shard;

pub use cache::{CacheKey, FeatureCache, View};
pub use error::FeatureError;
pub use extract::{Extraction, Extractor, Job, Progress};
