//! From a folder of X-rays to a trained head.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Instant;

use anyhow::bail;
use xray_core::package::Labels;

use super::Event;
use super::base::BaseModel;
use super::fine_tune::fine_tune_backbones;
use super::head_fit::{Checkpointing, fit_head, scored};
use super::leaks::check_leaks;
use super::shards::merge;
use super::source::{FeatureSource, Prepared, Stack, patients};
use crate::data::leaks::LeakCounts;
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::Extraction;
use crate::features::shard::ShardPlace;
use crate::fine_tune::FineTune;
use crate::head::TrainingConfig;
use crate::metrics::{Evaluation, MetricsError, Scored, youden_threshold};
use crate::run::{DataRecord, RUN_SCHEMA, RunDir, RunRecord, Timings};

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
    /// The images and the nets.
    pub source: FeatureSource,
    /// Where shards of the features lie, if they were computed elsewhere: a folder or `s3://BUCKET/PREFIX`.
    pub shards: Option<String>,
    /// How the head is trained.
    pub training: TrainingConfig,
    /// How layers of the backbones are trained after the head, if they are.
    pub fine_tune: Option<FineTune>,
    /// How the threshold is chosen.
    pub threshold: ThresholdRule,
    /// Whether a set with near-duplicates or patients on two sides is refused; else it is warned of.
    pub strict: bool,
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
    let source = &options.source;
    let Prepared { mut stack, preprocessing, data, extractor, seconds } =
        source.prepare(options.training.seed, device, observe)?;
    let start = Instant::now();
    let leaks = check_leaks(&data, &source.cache, options.strict, observe)?;
    let data_seconds = seconds + start.elapsed().as_secs_f64();
    if let Some(place) = &options.shards {
        merge(&ShardPlace::open(place)?, &data, &extractor, &source.views, observe)?;
    }
    let run = RunDir::new(&options.out);
    let checkpointing = Some(Checkpointing { run: &run, resume: options.resume });
    let fitted =
        fit_head(&data, &extractor, &source.views, &options.training, device, checkpointing, observe)?;
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
            negative: source.classes.negative.clone(),
            positive: source.classes.positive.clone(),
        },
        backbones: stack.backbones()?,
        base: stack.base().map(BaseModel::record),
        data: data_record(source, &data, leaks, &fitted.extraction),
        views: source.views,
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

/// The contract takes thresholds strictly between 0 and 1; a classifier that saturates can put the best one
/// on the border.
fn usable(threshold: f64) -> f64 {
    const MARGIN: f64 = 1e-6;
    threshold.clamp(MARGIN, 1.0 - MARGIN)
}

fn data_record(
    source: &FeatureSource,
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
        folder: source.data.display().to_string(),
        splits: source.splits.as_ref().map(|path| path.display().to_string()),
        fingerprint: data.fingerprint(),
        train: by_label(&data.train),
        validation: by_label(&data.validation),
        train_patients: patients(&data.train),
        validation_patients: patients(&data.validation),
        leaks: Some(leaks),
        left_out,
    }
}
