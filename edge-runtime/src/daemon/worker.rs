//! The model runs in a thread of its own, so that an image that takes too long is noticed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use xray_core::engine::EngineError;
use xray_core::screening::{Screener, Screening, ScreeningError};

use crate::decode_lock::DecodeLock;

/// What the daemon needs of a model.
pub trait Model: Send + 'static {
    /// Screens a file.
    ///
    /// # Errors
    /// Why it has no verdict.
    fn screen(&self, file: &Path) -> Result<Screening, ScreeningError>;

    /// Checks that it gives the known answer, where its package holds one.
    ///
    /// # Errors
    /// What it gives instead.
    fn self_test(&self) -> Result<(), EngineError>;
}

impl Model for Screener {
    fn screen(&self, file: &Path) -> Result<Screening, ScreeningError> {
        Screener::screen(self, file)
    }

    fn self_test(&self) -> Result<(), EngineError> {
        Screener::self_test(self)
    }
}

/// A model that screens only while nothing else in the process decodes an image.
pub struct ExclusiveModel<M> {
    pub model: M,
    /// The turn.
    pub decode_lock: Arc<DecodeLock>,
}

impl<M: Model> Model for ExclusiveModel<M> {
    fn screen(&self, file: &Path) -> Result<Screening, ScreeningError> {
        let _turn = self.decode_lock.take();
        self.model.screen(file)
    }

    fn self_test(&self) -> Result<(), EngineError> {
        self.model.self_test()
    }
}

enum WorkerRequest {
    Screen(PathBuf),
    SelfTest,
}

enum WorkerResponse {
    Screened(Result<Screening, ScreeningError>),
    Tested(Result<(), EngineError>),
}

/// Why there is no answer. The thread cannot be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The deadline is over and it still computes.
    #[error("the model did not answer in time")]
    Late,
    /// It panicked, or could not be started.
    #[error("the model's thread ended")]
    Ended,
}

impl WorkerError {
    /// A code for machines, the same in every release.
    pub fn code(self) -> &'static str {
        match self {
            WorkerError::Late => "deadline-exceeded",
            WorkerError::Ended => "model-ended",
        }
    }
}

/// A model that answers within a deadline, or not at all.
pub struct Worker {
    requests: Sender<WorkerRequest>,
    responses: Receiver<WorkerResponse>,
    deadline: Duration,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(model: impl Model, deadline: Duration) -> std::io::Result<Worker> {
        let (requests, received) = channel();
        let (response, responses) = channel();
        let work = move || {
            for request in received {
                let done = match request {
                    WorkerRequest::Screen(path) => WorkerResponse::Screened(model.screen(&path)),
                    WorkerRequest::SelfTest => WorkerResponse::Tested(model.self_test()),
                };
                if response.send(done).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("model".into()).spawn(work)?;
        Ok(Worker { requests, responses, deadline })
    }

    /// Screens a file.
    ///
    /// # Errors
    /// [`WorkerError`]; the worker is then lost.
    pub fn screen(&self, file: &Path) -> Result<Result<Screening, ScreeningError>, WorkerError> {
        match self.call(WorkerRequest::Screen(file.to_owned()))? {
            WorkerResponse::Screened(screened) => Ok(screened),
            WorkerResponse::Tested(_) => Err(WorkerError::Ended),
        }
    }

    /// Runs the self-test.
    ///
    /// # Errors
    /// [`WorkerError`]; the worker is then lost.
    pub fn self_test(&self) -> Result<Result<(), EngineError>, WorkerError> {
        match self.call(WorkerRequest::SelfTest)? {
            WorkerResponse::Tested(tested) => Ok(tested),
            WorkerResponse::Screened(_) => Err(WorkerError::Ended),
        }
    }

    fn call(&self, request: WorkerRequest) -> Result<WorkerResponse, WorkerError> {
        self.requests.send(request).map_err(|_| WorkerError::Ended)?;
        self.responses.recv_timeout(self.deadline).map_err(|error| match error {
            RecvTimeoutError::Timeout => WorkerError::Late,
            RecvTimeoutError::Disconnected => WorkerError::Ended,
        })
    }
}
