//! Scores the labelled images of a place, with the quality gate off.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::ensure;
use rayon::prelude::*;
use xray_core::engine::{self, Engine, EngineChoice};
use xray_core::package::VerifiedPackage;
use xray_core::preprocess::prepare;
use xray_core::screening::{ScreenImageError, Screener};

use crate::calibration::LocalScore;
use crate::data::Item;
use crate::decoding;
use crate::pipeline::Event;

/// Images between two reports of progress.
const REPORT_EVERY: usize = 16;

/// A model that scores images, also those that its quality gate refuses.
pub(super) struct Scorer {
    screener: Screener,
    /// Without the quality gate.
    engine: Box<dyn Engine>,
}

/// Scored images.
pub(super) struct LocalScores {
    pub scores: Vec<LocalScore>,
    /// Images that the quality gate of the model refuses; they are scored, too.
    pub refused: usize,
    /// Images that could not be read, with the reason.
    pub left_out: BTreeMap<String, String>,
}

impl Scorer {
    /// # Errors
    /// If the engine refuses the model.
    pub fn new(package: &VerifiedPackage, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<Self> {
        let screener = Screener::new(package.clone(), EngineChoice::Auto)?;
        screener.warnings().iter().for_each(|warning| observe(Event::Warning(warning)));
        Ok(Scorer { screener, engine: engine::load(package, EngineChoice::Auto)?.engine })
    }

    /// Scores every image that can be read.
    ///
    /// # Errors
    /// If the engine fails, or no image can be read.
    pub fn scores(
        &self,
        folder: &Path,
        items: &[Item],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<LocalScores> {
        let mut all = LocalScores { scores: Vec::new(), refused: 0, left_out: BTreeMap::new() };
        let mut done = 0;
        for chunk in items.chunks(REPORT_EVERY) {
            let outcomes: Vec<_> = chunk.par_iter().map(|item| (item, self.score(item))).collect();
            for (item, outcome) in outcomes {
                match outcome? {
                    Ok((uncalibrated, refused)) => {
                        all.refused += usize::from(refused);
                        all.scores.push(LocalScore {
                            id: item.sha256.clone(),
                            patient: item.patient.clone(),
                            label: item.label,
                            uncalibrated,
                        });
                    }
                    Err(reason) => {
                        observe(Event::Warning(&format!("left out: {}: {reason}", item.path.display())));
                        all.left_out.insert(item.path.display().to_string(), reason);
                    }
                }
            }
            done += chunk.len();
            observe(Event::Evaluated { done, total: items.len() });
        }
        ensure!(
            !all.scores.is_empty(),
            "{}: none of the {} images could be read",
            folder.display(),
            items.len()
        );
        Ok(all)
    }

    /// The probability before calibration, and whether the quality gate refuses the image; or why it cannot be read.
    fn score(&self, item: &Item) -> anyhow::Result<Result<(f64, bool), String>> {
        let image = match decoding::read_file(&item.path) {
            Ok(image) => image,
            Err(error) => return Ok(Err(error.problem.to_string())),
        };
        match self.screener.screen_image(&image) {
            Ok(result) => Ok(Ok((result.verdict.uncalibrated().value(), false))),
            Err(ScreenImageError::Refused(_)) => {
                let tensor = prepare(&image, &self.screener.contract().preprocessing)?;
                Ok(Ok((self.engine.run(&tensor)?.probability().value(), true)))
            }
            Err(ScreenImageError::Preprocess(error)) => Ok(Err(error.to_string())),
            Err(error @ ScreenImageError::Engine(_)) => Err(error.into()),
        }
    }
}
