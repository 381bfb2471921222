//! Why a model is not ready, or an image has no verdict.

use std::path::Path;

use xray_intake::IntakeError;

use crate::engine::EngineError;
use crate::package::PackageError;
use crate::preprocess::PreprocessError;
use crate::quality_gate::{Rejection, RejectionReason};

/// Why a model could not be made ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file is not a package that may be run.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The engine refused it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why an image has no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScreeningError {
    /// It could not be read.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// A decoder in another process gave no image.
    #[error("{file}: {reason}")]
    Decoder {
        /// The image file.
        file: String,
        /// [`IntakeProblem::code`](xray_intake::IntakeProblem::code).
        code: &'static str,
        /// What happened, and what to do.
        reason: String,
    },
    /// It could not be prepared.
    #[error("{file}: {source}")]
    Preprocess {
        /// The image file.
        file: String,
        /// What happened.
        source: PreprocessError,
    },
    /// The engine failed on it.
    #[error("{file}: {source}")]
    Engine {
        /// The image file.
        file: String,
        /// What happened.
        source: EngineError,
    },
    /// The quality gate refuses it.
    #[error("{file}: {rejection}")]
    Refused {
        /// The image file.
        file: String,
        /// Why.
        rejection: Rejection,
    },
}

impl ScreeningError {
    /// A fixed word for machines, the same in every release; of several reasons the first.
    pub fn code(&self) -> &'static str {
        match self {
            ScreeningError::Intake(error) => error.problem.code(),
            ScreeningError::Decoder { code, .. } => code,
            ScreeningError::Preprocess { .. } => "preprocessing-failed",
            ScreeningError::Engine { .. } => "engine-failed",
            ScreeningError::Refused { rejection, .. } => rejection.first().code(),
        }
    }

    /// Every reason, as fixed words for machines; the first is [`ScreeningError::code`].
    pub fn codes(&self) -> Vec<&'static str> {
        match self {
            ScreeningError::Refused { rejection, .. } => {
                rejection.reasons().map(RejectionReason::code).collect()
            }
            other => vec![other.code()],
        }
    }
}

/// Why an image that was read has no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScreenImageError {
    /// It could not be prepared.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// The engine failed on it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The quality gate refuses it.
    #[error("{0}")]
    Refused(Rejection),
}

impl ScreenImageError {
    /// The same, with the file.
    pub fn of(self, file: &Path) -> ScreeningError {
        let file = file.display().to_string();
        match self {
            ScreenImageError::Preprocess(source) => ScreeningError::Preprocess { file, source },
            ScreenImageError::Engine(source) => ScreeningError::Engine { file, source },
            ScreenImageError::Refused(rejection) => ScreeningError::Refused { file, rejection },
        }
    }
}
