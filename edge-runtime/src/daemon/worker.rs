//! The model runs in a thread of its own, so that an image that takes too long is noticed.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use xray_core::engine::EngineError;
use xray_core::screening::{ScreenImageError, Screener, ScreeningResult};
use xray_intake::Radiograph;

/// What the daemon needs of a model.
pub trait Model: Send + 'static {
    /// Screens an image.
    ///
    /// # Errors
    /// Why it has no verdict.
    fn screen(&self, image: &Radiograph) -> Result<ScreeningResult, ScreenImageError>;

    /// Checks that it gives the known answer, where its package holds one.
    ///
    /// # Errors
    /// What it gives instead.
    fn self_test(&self) -> Result<(), EngineError>;
}

impl Model for Screener {
    fn screen(&self, image: &Radiograph) -> Result<ScreeningResult, ScreenImageError> {
        self.screen_image(image)
    }

    fn self_test(&self) -> Result<(), EngineError> {
        Screener::self_test(self)
    }
}

enum WorkerRequest {
    Screen(Radiograph),
    SelfTest,
}

enum WorkerResponse {
    Screened(Result<ScreeningResult, ScreenImageError>),
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
                    WorkerRequest::Screen(image) => WorkerResponse::Screened(model.screen(&image)),
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

    /// Screens an image.
    ///
    /// # Errors
    /// [`WorkerError`]; the worker is then lost.
    pub fn screen(
        &self,
        image: Radiograph,
    ) -> Result<Result<ScreeningResult, ScreenImageError>, WorkerError> {
        match self.call(WorkerRequest::Screen(image))? {
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
