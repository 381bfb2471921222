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
use super::login_throttle::LoginThrottle;
use super::sessions::Sessions;
use super::token::Token;
use crate::decoding::ImageDecoder;
use crate::records::{RecordReader, RecordStoreError, StoreLimits};
use crate::status::{Counters, SharedStatus};
use crate::ui::i18n::{Language, Translation, TranslationError};
use crate::ui::lights::Patterns;

/// What the page knows of the device.
#[derive(Clone)]
pub struct DeviceContext {
    /// The store's folder. The page opens it again for each request, for reading.
    pub store: PathBuf,
    /// How much the store may take.
    pub limits: StoreLimits,
    /// What is shown now.
    pub status: Arc<SharedStatus>,
    /// What was done.
    pub counters: Arc<Counters>,
    /// What decodes the images.
    pub decoder: Arc<ImageDecoder>,
    /// What signals look like on the board's lights.
    pub patterns: Patterns,
}

/// Who may look.
pub(super) enum Access {
    /// Anybody at the device.
    Local,
    /// Anybody who has the access word.
    Network { token: Token, sessions: Sessions, throttle: LoginThrottle },
}

/// What all requests share.
pub struct Site {
    pub(super) device: DeviceContext,
    pub(super) access: Access,
    pub(super) language: Option<Language>,
    pub(super) policy: String,
    pub(super) pictures: Cache,
    words: Vec<Translation>,
    /// Queries at once: the page takes at most one core from the model.
    queries: Arc<Semaphore>,
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub(super) enum PageFailure {
    /// The store cannot be read.
    Store(RecordStoreError),
    /// There is no such thing.
    NotFound,
    /// The request cannot be served; in the reader's language.
    Refused(String),
    /// Too many requests.
    Busy,
    /// A fault of the page itself; for a technician.
    Fault(String),
}

impl PageFailure {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            PageFailure::Store(_) | PageFailure::Busy => StatusCode::SERVICE_UNAVAILABLE,
            PageFailure::NotFound => StatusCode::NOT_FOUND,
            PageFailure::Refused(_) => StatusCode::BAD_REQUEST,
            PageFailure::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<RecordStoreError> for PageFailure {
    fn from(error: RecordStoreError) -> Self {
        PageFailure::Store(error)
    }
}

impl Site {
    pub(super) fn new(
        device: DeviceContext,
        access: Access,
        language: Option<Language>,
    ) -> Result<Site, PageError> {
        let words =
            Language::ALL.into_iter().map(Translation::of).collect::<Result<Vec<_>, TranslationError>>()?;
        Ok(Site {
            device,
            access,
            language,
            policy: policy(),
            pictures: Cache::default(),
            words,
            queries: Arc::new(Semaphore::new(1)),
        })
    }

    /// The texts of a language.
    pub(super) fn words(&self, language: Language) -> &Translation {
        // There are as many as languages, in their order.
        let at = Language::ALL.iter().position(|one| *one == language).unwrap_or(0);
        &self.words[at]
    }

    /// Queries the store in a thread that may block.
    pub(super) async fn query<T: Send + 'static>(
        &self,
        question: impl FnOnce(&RecordReader) -> Result<T, PageFailure> + Send + 'static,
    ) -> Result<T, PageFailure> {
        let store = self.device.store.clone();
        self.work(move || question(&RecordReader::open(&store)?)).await
    }

    /// Runs slow work, one at a time.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PageFailure> + Send + 'static,
    ) -> Result<T, PageFailure> {
        let began = Instant::now();
        let place = self.queries.clone().acquire_owned().await.map_err(|_| PageFailure::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        match done.await {
            Ok(done) => done,
            Err(error) => {
                warn!(ms = began.elapsed().as_millis(), "page: a request failed: {error}");
                Err(PageFailure::Fault(error.to_string()))
            }
        }
    }
}
