//! One image through all of it, with a model that was loaded once.

use std::path::Path;
use std::time::{Duration, Instant};

use xray_intake::{self as intake, IntakeError, IntakeProblem, Radiograph};

use super::{LoadError, ScreenImageError, ScreeningError};
use crate::decision::{DecisionRule, Verdict};
use crate::engine::{self, Engine, EngineChoice, EngineError, EngineOptions};
use crate::heat_map::HeatMap;
use crate::package::{Contract, PackageFile, VerifiedPackage};
use crate::preprocess::{self, InputTensor, PreprocessError, Preprocessing};
use crate::quality_gate::{ANALYSED_SIDE, ImageStatistics, QualityGate};

/// The verdict on one file and how long it took from opening the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Screening {
    /// The verdict.
    pub verdict: Verdict,
    /// Where in the image its score comes from; none if the model does not say.
    pub heat_map: Option<HeatMap>,
    /// Time for reading, preparing and running.
    pub took: Duration,
}

/// The verdict on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreeningResult {
    /// The verdict.
    pub verdict: Verdict,
    /// Where in the image its score comes from; none if the model does not say.
    pub heat_map: Option<HeatMap>,
}

/// A model that is ready to screen.
pub struct Screener {
    package: VerifiedPackage,
    engine: Box<dyn Engine>,
    quality_gate: QualityGate,
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
        let (quality_gate, rule) = (QualityGate::of(&package), DecisionRule::of(&package));
        let mut warnings = loaded.warnings;
        warnings.extend(quality_gate.warning().map(str::to_owned));
        Ok(Screener { package, engine: loaded.engine, quality_gate, rule, warnings, photographs: false })
    }

    /// From now on every file is a photograph of a film on a light box, from which the film is cut out first
    /// ([`xray_intake::film`]). Otherwise only those are that say so themselves.
    pub fn expect_photographs(&mut self) {
        self.photographs = true;
    }

    /// What people must know about the engine and the quality gate, such as that they are not what they should be.
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
        if self.photographs { intake::decode_film_photograph(bytes) } else { intake::decode(bytes) }
    }

    /// Screens one file, decoded in this process.
    ///
    /// # Errors
    /// [`ScreeningError`] names the file and why it has no verdict.
    pub fn screen(&self, file: &Path) -> Result<Screening, ScreeningError> {
        self.screen_decoded(file, |file| {
            let bytes = intake::read_bytes(file)?;
            let problem = |problem| IntakeError { file: file.to_owned(), problem };
            Ok(self.decode(&bytes).map_err(problem)?)
        })
    }

    /// Screens one file that `decode` makes an image of, such as in a process of its own.
    ///
    /// # Errors
    /// [`ScreeningError`] names the file and why it has no verdict.
    pub fn screen_decoded(
        &self,
        file: &Path,
        decode: impl FnOnce(&Path) -> Result<Radiograph, ScreeningError>,
    ) -> Result<Screening, ScreeningError> {
        let start = Instant::now();
        let image = decode(file)?;
        let result = self.screen_image(&image).map_err(|problem| problem.of(file))?;
        let ScreeningResult { verdict, heat_map } = result;
        Ok(Screening { verdict, heat_map, took: start.elapsed() })
    }

    /// Screens an image that was decoded.
    ///
    /// # Errors
    /// [`ScreenImageError`] says why it has no verdict.
    pub fn screen_image(&self, image: &Radiograph) -> Result<ScreeningResult, ScreenImageError> {
        let (statistics, tensor) = prepared(image, &self.contract().preprocessing)?;
        let output = self.engine.run(&tensor)?;
        let admitted = self.quality_gate.admit(&statistics, output).map_err(ScreenImageError::Refused)?;
        let verdict = self.rule.decide(&admitted);
        Ok(ScreeningResult { verdict, heat_map: admitted.into_output().into_heat_map() })
    }
}

/// What the quality gate and the engine take.
fn prepared(
    image: &Radiograph,
    contract: &Preprocessing,
) -> Result<(ImageStatistics, InputTensor), PreprocessError> {
    let small = preprocess::at_input_size(image, contract)?;
    let statistics = if contract.size > ANALYSED_SIDE {
        let smaller = Preprocessing { size: ANALYSED_SIDE, ..contract.clone() };
        ImageStatistics::of(image, &preprocess::at_input_size(&small, &smaller)?)
    } else {
        ImageStatistics::of(image, &small)
    };
    Ok((statistics, preprocess::prepare(&small, contract)?))
}
