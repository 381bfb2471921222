//! Pooled features of images: computed once, kept on disk.

mod cache;
mod error;
mod extract;

pub use cache::{FeatureCache, View};
pub use error::FeatureError;
pub use extract::{Extraction, Extractor, Job, Progress};
