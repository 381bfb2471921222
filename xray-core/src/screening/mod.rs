//! The whole way of one image, with a model that was loaded once; and of many images, one row each.

mod batch;
mod report;

pub use batch::{Item, NoResult, Summary, screen_paths};
pub use report::{DrawnHeatMap, Format, NoResultRow, ReadRow, Row, printable, write_rows};

use std::path::Path;
use std::time::{Duration, Instant};

use crate::decision::{DecisionRule, Verdict};
use crate::engine::{self, Engine, EngineChoice, EngineError, EngineOptions};
use crate::heat_map::HeatMap;
use crate::intake::{self, IntakeError, IntakeProblem, Radiograph};
use crate::package::{Contract, PackageError, PackageFile, VerifiedPackage};
use crate::preprocess::{self, PreprocessError};

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
}

impl ScreeningError {
    /// A fixed word for machines, the same in every release.
    pub fn code(&self) -> &'static str {
        match self {
            ScreeningError::Intake(error) => error.problem.code(),
            ScreeningError::Preprocess { .. } => "preprocessing-failed",
            ScreeningError::Engine { .. } => "engine-failed",
        }
    }
}

/// The verdict on one file and how long it took from opening the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Screening {
    /// The verdict.
    pub verdict: Verdict,
    /// Where in the picture its score comes from; none if the model does not say.
    pub heat_map: Option<HeatMap>,
    /// Time for reading, preparing and running.
    pub took: Duration,
}

/// A model that is ready to screen.
pub struct Screener {
    package: VerifiedPackage,
    engine: Box<dyn Engine>,
    rule: DecisionRule,
    warnings: Vec<String>,
    photographs: bool,
}

impl Screener {
    /// Reads, verifies and loads a model file.
    ///
    /// # Errors
    /// [`LoadError`] names the file and what does not hold.
    pub fn load(model: &Path) -> Result<Self, LoadError> {
        Self::load_with(model, EngineChoice::Auto)
    }

    /// As [`Screener::load`], into the engine that is asked for.
    ///
    /// # Errors
    /// [`LoadError`] names the file and what does not hold.
    pub fn load_with(model: &Path, options: impl Into<EngineOptions>) -> Result<Self, LoadError> {
        Ok(Self::new(PackageFile::read(model)?.verify()?, options)?)
    }

    /// Loads a package that was verified.
    ///
    /// # Errors
    /// What the engine says of its graph.
    pub fn new(package: VerifiedPackage, options: impl Into<EngineOptions>) -> Result<Self, EngineError> {
        let loaded = engine::load(&package, options)?;
        let rule = DecisionRule::of(&package);
        Ok(Screener { package, engine: loaded.engine, rule, warnings: loaded.warnings, photographs: false })
    }

    /// From now on every file is a photograph of a film on a light box, from which the film is cut out first
    /// ([`intake::film`]). Otherwise only those are that say so themselves.
    pub fn expect_photographs(&mut self) {
        self.photographs = true;
    }

    /// What must be said about the engine, such as that it is not the one that it should be.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The model's contract.
    pub fn contract(&self) -> &Contract {
        self.package.contract()
    }

    /// The model's identity: SHA-256 of its file (hex).
    pub fn model_sha256(&self) -> &str {
        self.package.sha256()
    }

    /// Whether the model says where its scores come from.
    pub fn has_heat_map(&self) -> bool {
        self.package.has_heat_map()
    }

    /// Name of the engine that runs it.
    pub fn engine_name(&self) -> &'static str {
        self.engine.name()
    }

    /// Runs the test pattern and holds it against the answer in the package, where there is one.
    ///
    /// # Errors
    /// [`EngineError::KnownAnswer`] if they differ, or what the engine says where it fails.
    pub fn self_test(&self) -> Result<(), EngineError> {
        engine::self_test(&self.package, self.engine.as_ref())
    }

    /// The radiograph in a file's bytes, as it is screened.
    ///
    /// # Errors
    /// [`IntakeProblem`]
    pub fn decode(&self, bytes: &[u8]) -> Result<Radiograph, IntakeProblem> {
        if self.photographs { intake::decode_photograph(bytes) } else { intake::decode(bytes) }
    }

    /// Screens one file.
    ///
    /// # Errors
    /// [`ScreeningError`] names the file and why it has no verdict.
    pub fn screen(&self, file: &Path) -> Result<Screening, ScreeningError> {
        let start = Instant::now();
        let name = || file.display().to_string();
        let bytes = intake::read_bytes(file)?;
        let image = self.decode(&bytes).map_err(|problem| IntakeError { file: file.to_owned(), problem })?;
        let tensor = preprocess::prepare(&image, &self.contract().preprocessing)
            .map_err(|source| ScreeningError::Preprocess { file: name(), source })?;
        let output =
            self.engine.run(&tensor).map_err(|source| ScreeningError::Engine { file: name(), source })?;
        let verdict = self.rule.decide(&output);
        Ok(Screening { verdict, heat_map: output.into_heat_map(), took: start.elapsed() })
    }
}
