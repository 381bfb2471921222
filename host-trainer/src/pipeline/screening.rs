//! Images through a model, as the device screens them.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use xray_core::engine::{self, EngineChoice};
use xray_core::package::{Contract, PackageFile};
use xray_core::preprocess::prepare;
use xray_core::screening::{Screener, ScreeningError};

use super::Event;
use crate::data::{ClassNames, Item};
use crate::decoding;
use crate::evaluation::ScoredImage;

/// Images that are screened between two reports of progress.
const REPORT_EVERY: usize = 16;

/// The probability of each image before probability calibration, as the device computes it with this model. The quality gate
/// is not applied: a threshold is chosen on all validation images.
///
/// # Errors
/// If the model cannot be loaded or an image cannot be read.
pub(crate) fn device_probabilities(
    model: &PackageFile,
    images: &[&Path],
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Vec<f64>> {
    let package = model.clone().verify()?;
    let loaded = engine::load(&package, EngineChoice::Auto)?;
    loaded.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
    let probability = |image: &&Path| -> anyhow::Result<f64> {
        let tensor = prepare(&decoding::read_file(image)?, &package.contract().preprocessing)?;
        Ok(loaded.engine.run(&tensor)?.probability().value())
    };
    let mut probabilities = Vec::with_capacity(images.len());
    for chunk in images.chunks(REPORT_EVERY) {
        probabilities.extend(chunk.par_iter().map(probability).collect::<anyhow::Result<Vec<_>>>()?);
        observe(Event::Evaluated { done: probabilities.len(), total: images.len() });
    }
    Ok(probabilities)
}

/// Loads a model and reports its warnings.
///
/// # Errors
/// If it cannot be loaded.
pub(crate) fn load_screener(model: &Path, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<Screener> {
    let screener = Screener::load(model)?;
    screener.warnings().iter().for_each(|warning| observe(Event::Warning(warning)));
    Ok(screener)
}

/// The class folders that a model was trained on.
pub(crate) fn class_names(contract: &Contract) -> ClassNames {
    ClassNames { negative: contract.labels.negative.clone(), positive: contract.labels.positive.clone() }
}

/// Screened images by outcome.
pub(crate) struct ScreenedImages {
    /// Images that have a score.
    pub images: Vec<ScoredImage>,
    /// Images that could not be read, with the reason.
    pub left_out: BTreeMap<String, String>,
    /// Images that the quality gate refused, with the codes of the reasons.
    pub refused: BTreeMap<String, Vec<&'static str>>,
}

impl ScreenedImages {
    /// Why images have no score: they could not be read or were refused.
    pub fn without_score(&self) -> BTreeMap<String, String> {
        let mut all = self.left_out.clone();
        let refused =
            |(file, codes): (&String, &Vec<&str>)| (file.clone(), format!("refused: {}", codes.join(" ")));
        all.extend(self.refused.iter().map(refused));
        all
    }
}

/// Screens every image. Images that cannot be read are reported.
pub(crate) fn screen_images(
    screener: &Screener,
    items: &[Item],
    observe: &mut dyn FnMut(Event<'_>),
) -> ScreenedImages {
    let mut screened = ScreenedImages {
        images: Vec::with_capacity(items.len()),
        left_out: BTreeMap::new(),
        refused: BTreeMap::new(),
    };
    let mut done = 0;
    for chunk in items.chunks(REPORT_EVERY) {
        let outcomes: Vec<_> = chunk
            .par_iter()
            .map(|item| (item, screener.screen_decoded(&item.path, decoding::image_to_screen)))
            .collect();
        for (item, outcome) in outcomes {
            match outcome {
                Ok(screening) => screened.images.push(ScoredImage {
                    path: item.path.clone(),
                    relative: item.relative.clone(),
                    source: item.source.clone(),
                    label: item.label,
                    probability: screening.verdict.probability().value(),
                    uncalibrated: screening.verdict.uncalibrated().value(),
                    finding: screening.verdict.finding(),
                    heat_map: screening.heat_map,
                }),
                Err(error @ ScreeningError::Refused { .. }) => {
                    screened.refused.insert(item.path.display().to_string(), error.codes());
                }
                Err(error) => {
                    observe(Event::Warning(&format!("left out: {error}")));
                    screened.left_out.insert(item.path.display().to_string(), error.to_string());
                }
            }
        }
        done += chunk.len();
        observe(Event::Evaluated { done, total: items.len() });
    }
    screened
}
