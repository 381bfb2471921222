//! A model file judged on images, by the engine that the device uses.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::ensure;
use rayon::prelude::*;
use xray_core::engine::EngineChoice;
use xray_core::package::PackageFile;
use xray_core::screening::Screener;

use super::Event;
use crate::data::{ClassNames, Split, of_split};
use crate::metrics::Evaluation;

/// Images that are screened between two reports of progress.
const REPORT_EVERY: usize = 16;

/// What an evaluation gave.
#[derive(Debug, Clone, serde::Serialize)]
pub struct EvaluationRun {
    /// SHA-256 of the model file (hex).
    pub model: String,
    /// Which split was judged.
    pub split: &'static str,
    /// Names of the classes.
    pub classes: ClassNames,
    /// Whether any backbone has random weights.
    pub random_backbones: bool,
    /// The figures.
    pub evaluation: Evaluation,
    /// Files that have no score, each with the reason. They are in none of the figures.
    pub left_out: BTreeMap<String, String>,
}

/// The probability of each image, in their order, as the device computes it with this model.
///
/// # Errors
/// If the model cannot be loaded or an image cannot be read.
pub(super) fn probabilities(
    model: &PackageFile,
    images: &[&Path],
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Vec<f64>> {
    let screener = Screener::new(model.clone().verify()?, EngineChoice::Auto)?;
    screener.warnings().iter().for_each(|warning| observe(Event::Warning(warning)));
    let mut probabilities = Vec::with_capacity(images.len());
    for chunk in images.chunks(REPORT_EVERY) {
        let screened: Vec<_> = chunk.par_iter().map(|image| screener.screen(image)).collect();
        for screening in screened {
            probabilities.push(screening?.verdict.probability().value());
        }
        observe(Event::Evaluated { done: probabilities.len(), total: images.len() });
    }
    Ok(probabilities)
}

/// Judges a model on one split of a data set, at the threshold that was frozen into the model.
///
/// # Errors
/// If the model cannot be loaded, the split is not there, or no image of it could be read.
pub fn evaluate(
    model: &Path,
    data: &Path,
    classes: Option<ClassNames>,
    split: Split,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<EvaluationRun> {
    let screener = Screener::load(model)?;
    screener.warnings().iter().for_each(|warning| observe(Event::Warning(warning)));
    let contract = screener.contract();
    let classes = classes.unwrap_or_else(|| ClassNames {
        negative: contract.labels.negative.clone(),
        positive: contract.labels.positive.clone(),
    });
    let items = of_split(data, &classes, split)?;
    let mut scores = Vec::with_capacity(items.len());
    let mut left_out = BTreeMap::new();
    let mut done = 0;
    for chunk in items.chunks(REPORT_EVERY) {
        let screened: Vec<_> = chunk.par_iter().map(|item| (item, screener.screen(&item.path))).collect();
        for (item, screening) in screened {
            match screening {
                Ok(screening) => scores.push((screening.verdict.probability().value(), item.label)),
                Err(error) => {
                    observe(Event::Warning(&format!("left out: {error}")));
                    left_out.insert(item.path.display().to_string(), error.to_string());
                }
            }
        }
        done += chunk.len();
        observe(Event::Evaluated { done, total: items.len() });
    }
    ensure!(!scores.is_empty(), "{}: none of the {} images could be read", data.display(), items.len());
    Ok(EvaluationRun {
        model: screener.model_sha256().to_owned(),
        split: split.name(),
        classes,
        random_backbones: contract.has_random_backbones(),
        evaluation: Evaluation::new(&scores, contract.threshold)?,
        left_out,
    })
}
