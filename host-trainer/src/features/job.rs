//! Feature jobs, their progress and their result.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::View;
use crate::data::Item;

/// One view of an image whose features are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureJob {
    pub path: PathBuf,
    /// SHA-256 of its content (hex).
    pub sha256: String,
    pub view: View,
}

impl FeatureJob {
    pub fn new(item: &Item, view: View) -> Self {
        FeatureJob { path: item.path.clone(), sha256: item.sha256.clone(), view }
    }
}

/// The progress of an extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Jobs that are done.
    pub done: usize,
    /// Jobs in all.
    pub total: usize,
    /// Jobs whose features were in the cache.
    pub cached: usize,
}

/// The result of an extraction.
#[derive(Debug, Clone, Default)]
pub struct Extraction {
    /// The joined features of each job, in the order of the jobs; none where the image could not be read.
    pub features: Vec<Option<Arc<[f32]>>>,
    /// Files that could not be read, each with the reason.
    pub unreadable: BTreeMap<PathBuf, String>,
    /// Jobs whose features were in the cache.
    pub cached: usize,
}
