//! Why the daemon ends.

use xray_core::engine::EngineError;
use xray_core::screening::ScreeningError;

use super::worker::WorkerError;
use crate::models::ModelStoreError;
use crate::records::RecordStoreError;

/// Why the device cannot go on. It is shown until the program is started again.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The record store failed, and not because the disk is full.
    #[error(transparent)]
    Store(#[from] RecordStoreError),
    /// The model gives wrong answers on this machine.
    #[error("self-test: {0}")]
    SelfTest(EngineError),
    /// The model gave no answer.
    #[error("{0}; the image before it has no result")]
    Worker(WorkerError),
    /// The store's own disk cannot be read, or no decoder can be started.
    #[error("an image that was just stored cannot be read or decoded: {0}")]
    Unreadable(ScreeningError),
    /// The store of models failed.
    #[error(transparent)]
    Models(#[from] ModelStoreError),
    /// Another model is in use from now on. No fault: the program must be started again with it.
    #[error("another model is in use on this board from now on; start again")]
    Replaced,
}
