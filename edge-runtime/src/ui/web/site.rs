//! What all requests share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tracing::warn;

use super::cache::Cache;
use super::error::PageError;
use super::headers::policy;
use super::sessions::Sessions;
use super::token::Token;
use super::tries::Tries;
use crate::counters::Counters;
use crate::outputs::lights::Patterns;
use crate::outputs::live::Live;
use crate::outputs::words::{Language, Words, WordsError};
use crate::record::{Limits, Reader, StoreError};

/// What the page is told by the device.
#[derive(Clone)]
pub struct Device {
    /// The store's folder. The page opens it anew for each request, for reading.
    pub store: PathBuf,
    /// How much the store may take.
    pub limits: Limits,
    /// What is shown now.
    pub live: Arc<Live>,
    /// What was done.
    pub counters: Arc<Counters>,
    /// What signals look like on the board's lights.
    pub patterns: Patterns,
}

/// Who may look.
pub(super) enum Access {
    /// Whoever sits at the device.
    Local,
    /// Whoever knows the word.
    Network { token: Token, sessions: Sessions, tries: Tries },
}

/// What all requests share.
pub struct Site {
    pub(super) device: Device,
    pub(super) access: Access,
    pub(super) language: Option<Language>,
    pub(super) policy: String,
    pub(super) pictures: Cache,
    words: Vec<Words>,
    /// Questions to the store at once: one core at most is taken from the model.
    asking: Arc<Semaphore>,
}

/// Why a page is not what was asked for.
#[derive(Debug)]
pub(super) enum Failed {
    /// The store cannot be read.
    Store(StoreError),
    /// There is no such thing.
    NotFound,
    /// What was asked for cannot be; in words of the reader's language.
    Refused(String),
    /// Too many ask.
    Busy,
    /// A fault of the page itself; for a technician.
    Fault(String),
}

impl Failed {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Failed::Store(_) | Failed::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Failed::NotFound => StatusCode::NOT_FOUND,
            Failed::Refused(_) => StatusCode::BAD_REQUEST,
            Failed::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failed::Store(error)
    }
}

impl Site {
    pub(super) fn new(device: Device, access: Access, language: Option<Language>) -> Result<Site, PageError> {
        let words = Language::ALL.into_iter().map(Words::of).collect::<Result<Vec<_>, WordsError>>()?;
        Ok(Site {
            device,
            access,
            language,
            policy: policy(),
            pictures: Cache::default(),
            words,
            asking: Arc::new(Semaphore::new(1)),
        })
    }

    /// The words of a language.
    pub(super) fn words(&self, language: Language) -> &Words {
        // There are as many as languages, in their order.
        let at = Language::ALL.iter().position(|one| *one == language).unwrap_or(0);
        &self.words[at]
    }

    /// Asks the store in a thread where waiting does no harm.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Failed> {
        let store = self.device.store.clone();
        self.work(move || question(&Reader::open(&store)?)).await
    }

    /// Does something that takes its time, one at a time.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Failed> {
        let began = Instant::now();
        let place = self.asking.clone().acquire_owned().await.map_err(|_| Failed::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        match done.await {
            Ok(done) => done,
            Err(error) => {
                warn!(ms = began.elapsed().as_millis(), "page: a request failed: {error}");
                Err(Failed::Fault(error.to_string()))
            }
        }
    }
}
