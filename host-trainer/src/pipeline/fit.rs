//! From a folder of X-rays to a trained head.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use xray_core::package::Labels;
use xray_core::preprocess::Preprocessing;

use super::Event;
use crate::backbones::BackboneKind;
use crate::data::{ClassNames, DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extraction, Extractor, Job, View};
use crate::head::{Samples, TrainingConfig, train};
use crate::metrics::{Evaluation, youden_threshold};
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
}

impl BackboneSource {
    /// The weights.
    ///
    /// # Errors
    /// [`WeightsError`] if weights are not there or not whole; it names the commands that bring them.
    pub fn load(&self) -> Result<Vec<WeightSet>, WeightsError> {
        match self {
            BackboneSource::Stored { kinds, store } => kinds.iter().map(|kind| store.load(*kind)).collect(),
            BackboneSource::Random { kinds, seed } => {
                Ok(kinds.iter().map(|kind| WeightSet::random(*kind, *seed)).collect())
            }
        }
    }
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
    /// Whether mirror images are trained on too.
    pub mirror: bool,
    /// How the head is trained.
    pub training: TrainingConfig,
    /// How the threshold is chosen.
    pub threshold: ThresholdRule,
    /// Folder of the feature cache.
    pub cache: PathBuf,
    /// Folder of the run.
    pub out: PathBuf,
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
    let sets = options.backbones.load()?;
    let start = Instant::now();
    let data =
        DataSet::load(&options.data, &options.classes, options.splits.as_deref(), options.training.seed)?;
    let data_seconds = start.elapsed().as_secs_f64();
    observe(Event::Note(&format!(
        "{} training and {} validation images of {} and {} patients",
        data.train.len(),
        data.validation.len(),
        patients(&data.train),
        patients(&data.validation),
    )));

    let start = Instant::now();
    let (jobs, labels, train_jobs) = jobs(&data, options.mirror);
    let extractor = Extractor::new(&sets, &options.preprocessing, device, &options.cache)?;
    let extraction = extractor.run(&jobs, |progress| observe(Event::Features(progress)))?;
    let feature_seconds = start.elapsed().as_secs_f64();
    for (path, reason) in &extraction.unreadable {
        observe(Event::Warning(&format!("left out: {}: {reason}", path.display())));
    }
    let training = samples(&extraction, &labels, 0..train_jobs);
    let validation = samples(&extraction, &labels, train_jobs..jobs.len());

    let start = Instant::now();
    let of = options.training.epochs;
    let trained = train(&options.training, &training, &validation, &device.device, |epoch| {
        observe(Event::Epoch { epoch, of });
    })?;
    let training_seconds = start.elapsed().as_secs_f64();

    let scores: Vec<(f64, bool)> =
        trained.validation_probabilities.iter().copied().zip(validation.labels.iter().copied()).collect();
    let threshold = match options.threshold {
        ThresholdRule::Fixed(value) => value,
        ThresholdRule::Youden => usable(youden_threshold(&scores)?),
    };
    let record = RunRecord {
        schema: RUN_SCHEMA,
        program: concat!("host-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
        device: format!("{} ({})", device.name, device.reason),
        preprocessing: options.preprocessing.clone(),
        labels: Labels {
            negative: options.classes.negative.clone(),
            positive: options.classes.positive.clone(),
        },
        backbones: sets.iter().map(backbone_use).collect(),
        data: data_record(&options.data, &data, &extraction),
        mirror: options.mirror,
        training: options.training,
        best_epoch: trained.best_epoch,
        history: trained.history,
        threshold,
        threshold_rule: options.threshold.to_string(),
        validation: Evaluation::new(&scores, threshold)?,
        timings: Timings { data: data_seconds, features: feature_seconds, training: training_seconds },
    };
    RunDir::new(&options.out).write(&record, &trained.weights)?;
    Ok(record)
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

/// Jobs and labels: the training side first, then the validation side; the number of training jobs.
fn jobs(data: &DataSet, mirror: bool) -> (Vec<Job>, Vec<bool>, usize) {
    let job = |item: &Item, view| Job { path: item.path.clone(), sha256: item.sha256.clone(), view };
    let mut jobs = Vec::new();
    let mut labels = Vec::new();
    for item in &data.train {
        jobs.push(job(item, View::Plain));
        labels.push(item.label);
        if mirror {
            jobs.push(job(item, View::Mirror));
            labels.push(item.label);
        }
    }
    let train_jobs = jobs.len();
    for item in &data.validation {
        jobs.push(job(item, View::Plain));
        labels.push(item.label);
    }
    (jobs, labels, train_jobs)
}

fn samples(extraction: &Extraction, labels: &[bool], range: std::ops::Range<usize>) -> Samples {
    let mut samples = Samples::default();
    for index in range {
        if let Some(features) = &extraction.features[index] {
            samples.features.push(features.clone());
            samples.labels.push(labels[index]);
        }
    }
    samples
}

fn patients(items: &[Item]) -> usize {
    items.iter().map(|item| item.patient.as_str()).collect::<BTreeSet<_>>().len()
}

fn data_record(folder: &Path, data: &DataSet, extraction: &Extraction) -> DataRecord {
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
        folder: folder.display().to_string(),
        fingerprint: data.fingerprint(),
        train: by_label(&data.train),
        validation: by_label(&data.validation),
        train_patients: patients(&data.train),
        validation_patients: patients(&data.validation),
        left_out,
    }
}
