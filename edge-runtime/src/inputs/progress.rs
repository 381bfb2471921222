//! Whether an input gets on with a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the parts of an input's steps that are done: entries that were listed, blocks that were read. One that stays the
/// same is that of an input that waits for its medium.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// One more part is done.
    pub fn mark(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many parts are done.
    pub fn parts(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
