//! A model file judged on images, by the engine that the device uses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use rayon::prelude::*;
use xray_core::decision::Finding;
use xray_core::engine::{self, EngineChoice};
use xray_core::heat_map::HeatMap;
use xray_core::intake;
use xray_core::package::{Contract, PackageFile};
use xray_core::preprocess::prepare;
use xray_core::screening::{Screener, ScreeningError};

use super::{Event, JudgedSet};
use crate::data::{ClassNames, Item};
use crate::metrics::{Evaluation, Scored};

/// Images that are screened between two reports of progress.
const REPORT_EVERY: usize = 16;

/// An image and what a model says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedImage {
    /// Where it lies.
    pub path: PathBuf,
    /// Its path from the split folder on.
    pub relative: String,
    /// Whether it shows the finding.
    pub label: bool,
    /// Calibrated probability of the positive class, 0..1.
    pub probability: f64,
    /// The probability before calibration, 0..1.
    pub uncalibrated: f64,
    /// What the device would show.
    pub finding: Finding,
    /// Where its score comes from; none if the model does not say.
    pub heat_map: Option<HeatMap>,
}

impl JudgedImage {
    /// Calibrated probability and label, as the metrics take them.
    pub fn scored(&self) -> Scored {
        (self.probability, self.label)
    }
}

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
    /// Files that could not be read, each with the reason. They are in none of the figures.
    pub left_out: BTreeMap<String, String>,
    /// Files that the gate did not let through, each with the codes of its reasons. They are in none of the figures
    /// either: a device gives no result for them.
    pub refused: BTreeMap<String, Vec<&'static str>>,
    /// Every image that has a score, in the order of [`JudgedImage::relative`].
    #[serde(skip)]
    pub images: Vec<JudgedImage>,
    /// What the model says of itself.
    #[serde(skip)]
    pub contract: Contract,
}

/// The probability of each image before calibration, in their order, as the device computes it with this model. No
/// gate is asked: a threshold is chosen on all validation images.
///
/// # Errors
/// If the model cannot be loaded or an image cannot be read.
pub(super) fn probabilities(
    model: &PackageFile,
    images: &[&Path],
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Vec<f64>> {
    let package = model.clone().verify()?;
    let loaded = engine::load(&package, EngineChoice::Auto)?;
    loaded.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
    let probability = |image: &&Path| -> anyhow::Result<f64> {
        let tensor = prepare(&intake::read_file(image)?, &package.contract().preprocessing)?;
        Ok(loaded.engine.run(&tensor)?.probability().value())
    };
    let mut probabilities = Vec::with_capacity(images.len());
    for chunk in images.chunks(REPORT_EVERY) {
        probabilities.extend(chunk.par_iter().map(probability).collect::<anyhow::Result<Vec<_>>>()?);
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
    set: &JudgedSet,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<EvaluationRun> {
    let screener = load(model, observe)?;
    let contract = screener.contract().clone();
    let classes = set.classes.clone().unwrap_or_else(|| classes_of(&contract));
    let items = set.items(&classes)?;
    let Judged { images, left_out, refused } = judge(&screener, &items, observe);
    ensure!(
        !images.is_empty(),
        "{}: none of the {} images has a score: {} could not be read, the gate refused {}",
        set.data.display(),
        items.len(),
        left_out.len(),
        refused.len()
    );
    let scores: Vec<Scored> = images.iter().map(JudgedImage::scored).collect();
    Ok(EvaluationRun {
        model: screener.model_sha256().to_owned(),
        split: set.split.name(),
        classes,
        random_backbones: contract.has_random_backbones(),
        evaluation: Evaluation::new(&scores, contract.threshold)?,
        left_out,
        refused,
        images,
        contract,
    })
}

/// Loads a model and passes its warnings on.
///
/// # Errors
/// If it cannot be loaded.
pub(super) fn load(model: &Path, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<Screener> {
    let screener = Screener::load(model)?;
    screener.warnings().iter().for_each(|warning| observe(Event::Warning(warning)));
    Ok(screener)
}

/// The class folders that a model was trained on.
pub(super) fn classes_of(contract: &Contract) -> ClassNames {
    ClassNames { negative: contract.labels.negative.clone(), positive: contract.labels.positive.clone() }
}

/// What became of many images.
pub(super) struct Judged {
    /// Those that have a score.
    pub images: Vec<JudgedImage>,
    /// Those that could not be read, with the reason.
    pub left_out: BTreeMap<String, String>,
    /// Those that the gate did not let through, with the codes of the reasons.
    pub refused: BTreeMap<String, Vec<&'static str>>,
}

impl Judged {
    /// Why images have no score, those that could not be read and those that were refused.
    pub fn without_score(&self) -> BTreeMap<String, String> {
        let mut all = self.left_out.clone();
        let refused =
            |(file, codes): (&String, &Vec<&str>)| (file.clone(), format!("refused: {}", codes.join(" ")));
        all.extend(self.refused.iter().map(refused));
        all
    }
}

/// Screens every image; those that have no score are given apart, with the reason, and those that cannot be read are
/// warned of.
pub(super) fn judge(screener: &Screener, items: &[Item], observe: &mut dyn FnMut(Event<'_>)) -> Judged {
    let mut judged = Judged {
        images: Vec::with_capacity(items.len()),
        left_out: BTreeMap::new(),
        refused: BTreeMap::new(),
    };
    let mut done = 0;
    for chunk in items.chunks(REPORT_EVERY) {
        let screened: Vec<_> = chunk.par_iter().map(|item| (item, screener.screen(&item.path))).collect();
        for (item, screening) in screened {
            match screening {
                Ok(screening) => judged.images.push(JudgedImage {
                    path: item.path.clone(),
                    relative: item.relative.clone(),
                    label: item.label,
                    probability: screening.verdict.probability().value(),
                    uncalibrated: screening.verdict.uncalibrated().value(),
                    finding: screening.verdict.finding(),
                    heat_map: screening.heat_map,
                }),
                Err(error @ ScreeningError::Refused { .. }) => {
                    judged.refused.insert(item.path.display().to_string(), error.codes());
                }
                Err(error) => {
                    observe(Event::Warning(&format!("left out: {error}")));
                    judged.left_out.insert(item.path.display().to_string(), error.to_string());
                }
            }
        }
        done += chunk.len();
        observe(Event::Evaluated { done, total: items.len() });
    }
    judged
}
