//! From a folder of X-rays to a trained head.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use xray_core::package::Labels;
use xray_core::preprocess::Preprocessing;

use super::Event;
use super::base::BaseModel;
use super::head_fit::{fit_head, scored};
use super::operating_point::{DecisionRules, calibrated};
use crate::backbones::BackboneKind;
use crate::data::{ClassNames, DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::{Extraction, Extractor};
use crate::head::TrainingConfig;
use crate::metrics::Evaluation;
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
    /// How scores become decisions.
    pub decision: DecisionRules,
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
    let stack = Stack::load(&options.backbones)?;
    let preprocessing = match &stack {
        Stack::Weights(_) => options.preprocessing.clone(),
        // The backbones get what they always got.
        Stack::Base(base) => base.contract().preprocessing.clone(),
    };
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

    let extractor = match &stack {
        Stack::Weights(sets) => Extractor::new(sets, &preprocessing, device, &options.cache)?,
        Stack::Base(base) => base.extractor(&options.cache, observe)?,
    };
    let fitted = fit_head(&data, &extractor, options.mirror, &options.training, device, observe)?;
    let scores = scored(&fitted.scores);
    let chosen = options.decision.choose(&scores)?;
    chosen.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
    let judged = scored(&calibrated(&fitted.scores, chosen.calibration));
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
        data: data_record(options, &data, &fitted.extraction),
        mirror: options.mirror,
        training: options.training,
        best_epoch: fitted.trained.best_epoch,
        history: fitted.trained.history,
        threshold: chosen.threshold,
        threshold_rule: options.decision.threshold.name(),
        temperature: options.decision.calibrate.then_some(chosen.calibration.temperature()),
        abstain: chosen.abstain_record(&options.decision),
        validation: Evaluation::new(&judged, chosen.threshold)?,
        timings: Timings {
            data: data_seconds,
            features: fitted.feature_seconds,
            computed: fitted.extraction.features.len() - fitted.extraction.cached,
            training: fitted.training_seconds,
        },
    };
    let base = stack.base().map(BaseModel::file);
    RunDir::new(&options.out).write(&record, &fitted.trained.weights, &fitted.scores, base)?;
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

fn backbone_use(set: &WeightSet) -> BackboneUse {
    BackboneUse { kind: set.backbone, provenance: set.provenance.clone(), fingerprint: set.fingerprint() }
}

fn patients(items: &[Item]) -> usize {
    items.iter().map(|item| item.patient.as_str()).collect::<BTreeSet<_>>().len()
}

fn data_record(options: &FitOptions, data: &DataSet, extraction: &Extraction) -> DataRecord {
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
        left_out,
    }
}
