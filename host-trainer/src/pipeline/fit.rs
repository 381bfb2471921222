//! From a folder of X-rays to a trained head.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Instant;

use anyhow::bail;
use xray_core::package::Labels;
use xray_core::preprocess::Preprocessing;

use super::Event;
use super::base::BaseModel;
use super::fine_tune::fine_tune_backbones;
use super::head_fit::{Checkpointing, fit_head, scored};
use super::leaks::check_leaks;
use crate::backbones::BackboneKind;
use crate::data::leaks::LeakCounts;
use crate::data::{ClassNames, DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extraction, Extractor, Views};
use crate::fine_tune::FineTune;
use crate::head::TrainingConfig;
use crate::metrics::{Evaluation, MetricsError, Scored, youden_threshold};
use crate::run::{BackboneUse, DataRecord, RUN_SCHEMA, RunDir, RunRecord, Timings};
use crate::weights::{WeightSet, WeightStore, WeightsError};

/// Where the backbones of a fit come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackboneSource {
    /// The weights that were imported or fetched.
    Stored {
        /// The nets, in the order in which features are joined.
        kinds: Vec<BackboneKind>,
        /// Where their weights lie.
        store: WeightStore,
    },
    /// Drawn at random with this seed; for demos and tests.
    Random {
        /// The nets, in the order in which features are joined.
        kinds: Vec<BackboneKind>,
        /// The seed.
        seed: u64,
    },
    /// Those of an exported model, bit for bit, run by the engine that the device uses.
    Base {
        /// The model file.
        model: PathBuf,
    },
}

/// How the threshold is chosen, always on validation images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdRule {
    /// Where sensitivity + specificity is largest (Youden 1950, Cancer 3:32).
    Youden,
    /// A number that was named, between 0 and 1.
    Fixed(f64),
}

impl FromStr for ThresholdRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "youden" {
            return Ok(ThresholdRule::Youden);
        }
        match text.parse::<f64>() {
            Ok(value) if value > 0.0 && value < 1.0 => Ok(ThresholdRule::Fixed(value)),
            _ => Err(format!("`{text}` is neither `youden` nor a number between 0 and 1")),
        }
    }
}

impl ThresholdRule {
    /// The rule of a run.
    pub(super) fn of(record: &RunRecord) -> Self {
        if record.threshold_rule == ThresholdRule::Youden.to_string() {
            ThresholdRule::Youden
        } else {
            ThresholdRule::Fixed(record.threshold)
        }
    }

    /// The threshold for these validation scores.
    ///
    /// # Errors
    /// [`MetricsError`] if the scores are of one class only and the rule needs both.
    pub fn choose(self, scores: &[Scored]) -> Result<f64, MetricsError> {
        Ok(match self {
            ThresholdRule::Fixed(value) => value,
            ThresholdRule::Youden => usable(youden_threshold(scores)?),
        })
    }
}

impl std::fmt::Display for ThresholdRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ThresholdRule::Youden => f.write_str("youden"),
            ThresholdRule::Fixed(_) => f.write_str("fixed"),
        }
    }
}

/// What a fit is asked to do.
#[derive(Debug, Clone)]
pub struct FitOptions {
    /// Folder with the class folders.
    pub data: PathBuf,
    /// Names of the class folders.
    pub classes: ClassNames,
    /// A file that says which image is on which side, instead of the rule by patient.
    pub splits: Option<PathBuf>,
    /// The backbones.
    pub backbones: BackboneSource,
    /// How images are prepared.
    pub preprocessing: Preprocessing,
    /// Which forms of a training image are trained on.
    pub views: Views,
    /// How the head is trained.
    pub training: TrainingConfig,
    /// How layers of the backbones are trained after the head, if they are.
    pub fine_tune: Option<FineTune>,
    /// How the threshold is chosen.
    pub threshold: ThresholdRule,
    /// Whether a set with near-duplicates or patients on two sides is refused; else it is warned of.
    pub strict: bool,
    /// Folder of the feature cache.
    pub cache: PathBuf,
    /// Folder of the run.
    pub out: PathBuf,
    /// Whether a training that was cut off there is taken up.
    pub resume: bool,
}

/// Fits a head and writes the run.
///
/// # Errors
/// Everything that can go wrong with data, weights, features, training or the run's folder, each with what
/// to do. Images that cannot be read are named, left out and recorded; they are no error.
pub fn fit(
    options: &FitOptions,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<RunRecord> {
    // Weights first: without them there is no point in hashing thousands of images.
    let mut stack = Stack::load(&options.backbones)?;
    let preprocessing = match &stack {
        Stack::Weights(_) => options.preprocessing.clone(),
        // The backbones get what they always got.
        Stack::Base(base) => base.contract().preprocessing.clone(),
    };
    let start = Instant::now();
    let data =
        DataSet::load(&options.data, &options.classes, options.splits.as_deref(), options.training.seed)?;
    let leaks = check_leaks(&data, &options.cache, options.strict, observe)?;
    let data_seconds = start.elapsed().as_secs_f64();
    observe(Event::Note(&format!(
        "{} training and {} validation images of {} and {} patients",
        data.train.len(),
        data.validation.len(),
        patients(&data.train),
        patients(&data.validation),
    )));

    let extractor = match &stack {
        Stack::Weights(sets) => Extractor::new(sets, &preprocessing, device, &options.cache)?,
        Stack::Base(base) => base.extractor(&options.cache, observe)?,
    };
    let run = RunDir::new(&options.out);
    let checkpointing = Some(Checkpointing { run: &run, resume: options.resume });
    let fitted =
        fit_head(&data, &extractor, &options.views, &options.training, device, checkpointing, observe)?;
    let fitted = match (&options.fine_tune, &stack) {
        (None, _) => fitted,
        (Some(_), Stack::Base(_)) => {
            bail!("the backbones of a base model are kept as they are; leave --unfreeze out")
        }
        (Some(how), Stack::Weights(sets)) => {
            let tuned = fine_tune_backbones(sets, &data, fitted, (how, options), device, observe)?;
            let store = run.weights();
            tuned.sets.iter().try_for_each(|set| store.save(set).map(drop))?;
            stack = Stack::Weights(tuned.sets);
            tuned.fitted
        }
    };
    let scores = scored(&fitted.scores);
    let threshold = options.threshold.choose(&scores)?;
    let record = RunRecord {
        schema: RUN_SCHEMA,
        program: concat!("host-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
        device: format!("{} ({})", device.name, device.reason),
        preprocessing,
        labels: Labels {
            negative: options.classes.negative.clone(),
            positive: options.classes.positive.clone(),
        },
        backbones: stack.backbones()?,
        base: stack.base().map(BaseModel::record),
        data: data_record(options, &data, leaks, &fitted.extraction),
        views: options.views,
        training: options.training,
        best_epoch: fitted.trained.best_epoch,
        history: fitted.trained.history,
        fine_tune: options.fine_tune.clone(),
        fine_tune_history: fitted.fine_tune_history,
        threshold,
        threshold_rule: options.threshold.to_string(),
        validation: Evaluation::new(&scores, threshold)?,
        timings: Timings {
            data: data_seconds,
            features: fitted.feature_seconds,
            computed: fitted.extraction.features.len() - fitted.extraction.cached,
            training: fitted.training_seconds,
        },
    };
    let base = stack.base().map(BaseModel::file);
    run.write(&record, &fitted.trained.weights, &fitted.scores, base)?;
    Ok(record)
}

/// Where the features of a fit come from.
enum Stack {
    Weights(Vec<WeightSet>),
    Base(Box<BaseModel>),
}

impl Stack {
    fn load(source: &BackboneSource) -> anyhow::Result<Stack> {
        Ok(match source {
            BackboneSource::Base { model } => Stack::Base(Box::new(BaseModel::read(model)?)),
            BackboneSource::Stored { kinds, store } => {
                let sets: Result<_, WeightsError> = kinds.iter().map(|kind| store.load(*kind)).collect();
                Stack::Weights(sets?)
            }
            BackboneSource::Random { kinds, seed } => {
                Stack::Weights(kinds.iter().map(|kind| WeightSet::random(*kind, *seed)).collect())
            }
        })
    }

    fn base(&self) -> Option<&BaseModel> {
        match self {
            Stack::Weights(_) => None,
            Stack::Base(base) => Some(base),
        }
    }

    fn backbones(&self) -> anyhow::Result<Vec<BackboneUse>> {
        match self {
            Stack::Weights(sets) => Ok(sets.iter().map(backbone_use).collect()),
            Stack::Base(base) => base.backbones(),
        }
    }
}

/// The contract takes thresholds strictly between 0 and 1; a classifier that saturates can put the best one
/// on the border.
fn usable(threshold: f64) -> f64 {
    const MARGIN: f64 = 1e-6;
    threshold.clamp(MARGIN, 1.0 - MARGIN)
}

fn backbone_use(set: &WeightSet) -> BackboneUse {
    BackboneUse { kind: set.backbone, provenance: set.provenance.clone(), fingerprint: set.fingerprint() }
}

fn patients(items: &[Item]) -> usize {
    items.iter().map(|item| item.patient.as_str()).collect::<BTreeSet<_>>().len()
}

fn data_record(
    options: &FitOptions,
    data: &DataSet,
    leaks: LeakCounts,
    extraction: &Extraction,
) -> DataRecord {
    let by_label = |items: &[Item]| {
        let used = || items.iter().filter(|item| !extraction.unreadable.contains_key(&item.path));
        let positives = used().filter(|item| item.label).count();
        [used().count() - positives, positives]
    };
    let left_out: BTreeMap<String, String> = extraction
        .unreadable
        .iter()
        .map(|(path, reason)| (path.display().to_string(), reason.clone()))
        .collect();
    DataRecord {
        folder: options.data.display().to_string(),
        splits: options.splits.as_ref().map(|path| path.display().to_string()),
        fingerprint: data.fingerprint(),
        train: by_label(&data.train),
        validation: by_label(&data.validation),
        train_patients: patients(&data.train),
        validation_patients: patients(&data.validation),
        leaks: Some(leaks),
        left_out,
    }
}
