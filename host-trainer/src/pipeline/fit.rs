//! From a folder of X-rays to a trained head.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{bail, ensure};

use super::Event;
use super::base::BaseModel;
use super::fine_tune::fine_tune_backbones;
use super::head_fit::{Checkpointing, fit_head, scored};
use super::int8_body::Int8Body;
use super::leaks::check_leaks;
use super::operating_point::{DecisionRules, calibrated};
use super::shards::merge;
use super::shift::{apart, counted, shift};
use super::source::{FeatureSource, FeaturesBy, Prepared, Stack, patients};
use crate::data::leaks::LeakCounts;
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::features::Extraction;
use crate::features::shard::ShardPlace;
use crate::fine_tune::FineTune;
use crate::head::TrainingConfig;
use crate::metrics::Evaluation;
use crate::run::{DataRecord, RUN_SCHEMA, RunDir, RunRecord, Timings, Versions};
use crate::stop::Stop;

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
    /// How scores become decisions.
    pub decision: DecisionRules,
    /// Whether a set with near-duplicates or patients on two sides is refused; else it is warned of.
    pub strict: bool,
    /// Folder of the run.
    pub out: PathBuf,
    /// Whether a training that was cut off there is taken up.
    pub resume: bool,
    /// What may end a training before its time; what is done is kept.
    pub stop: Stop,
    /// The command line, for the record, if there is one.
    pub command: Option<Vec<String>>,
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
    let mut source = options.source.clone();
    if options.fine_tune.is_some() {
        ensure!(
            source.by != FeaturesBy::Int8,
            "int8 backbones cannot be trained; leave --features-by int8 or --unfreeze out"
        );
        source.by = FeaturesBy::Float;
    }
    let Prepared { mut stack, int8, preprocessing, data, extractor, seconds, quantising_seconds } =
        source.prepare(options.training.seed, device, observe)?;
    let start = Instant::now();
    let leaks = check_leaks(&data, &source.cache, options.strict, observe)?;
    let data_seconds = seconds + start.elapsed().as_secs_f64();
    if let Some(place) = &options.shards {
        merge(&ShardPlace::open(place)?, &data, &extractor, source.forms(), observe)?;
    }
    let run = RunDir::new(&options.out);
    let checkpointing = Checkpointing { run: &run, resume: options.resume, stop: &options.stop };
    let kept = Some(&checkpointing);
    let fitted = fit_head(&data, &extractor, source.forms(), &options.training, device, kept, observe)?;
    let fitted = match (&options.fine_tune, &stack) {
        (None, _) => fitted,
        (Some(_), Stack::Base(_)) => {
            bail!("the backbones of a base model are kept as they are; leave --unfreeze out")
        }
        (Some(how), Stack::Weights(sets)) => {
            let tuned =
                fine_tune_backbones(sets, &data, fitted, (how, options), device, &checkpointing, observe)?;
            let store = run.weights();
            tuned.sets.iter().try_for_each(|set| store.save(set).map(drop))?;
            stack = Stack::Weights(tuned.sets);
            tuned.fitted
        }
    };
    let scores = scored(&counted(&fitted.scores, source.choose_on));
    let chosen = options.decision.choose(&scores)?;
    chosen.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
    let (plain, corrupted) = apart(&calibrated(&fitted.scores, chosen.calibration));
    let record = RunRecord {
        schema: RUN_SCHEMA,
        program: concat!("host-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
        versions: Versions::current(),
        command: options.command.clone(),
        device: format!("{} ({})", device.name, device.reason),
        preprocessing,
        labels: source.labels(),
        backbones: stack.backbones()?,
        base: stack.base().map(BaseModel::record),
        int8: int8.as_ref().map(Int8Body::record),
        data: data_record(options, &data, leaks, &fitted.extraction),
        views: source.views,
        training: options.training,
        best_epoch: fitted.trained.best_epoch,
        history: fitted.trained.history,
        fine_tune: options.fine_tune.clone(),
        fine_tune_history: fitted.fine_tune_history,
        fine_tune_best: fitted.fine_tune_best,
        choose_on: source.choose_on,
        threshold: chosen.threshold,
        threshold_rule: options.decision.threshold.name(),
        temperature: options.decision.calibrate.then_some(chosen.calibration.temperature()),
        abstain: chosen.abstain_record(&options.decision),
        validation: Evaluation::new(&scored(&plain), chosen.threshold)?,
        shift: shift(&corrupted, source.corruptions, chosen.threshold)?,
        timings: Timings {
            data: data_seconds,
            quantising: quantising_seconds,
            features: fitted.feature_seconds,
            computed: fitted.extraction.features.len() - fitted.extraction.cached,
            training: fitted.training_seconds,
        },
    };
    let base = stack.base().or(int8.as_ref().map(|int8| &int8.model)).map(BaseModel::file);
    run.write(&record, &fitted.trained.weights, &fitted.scores, base)?;
    Ok(record)
}

fn data_record(
    options: &FitOptions,
    data: &DataSet,
    leaks: LeakCounts,
    extraction: &Extraction,
) -> DataRecord {
    let source = &options.source;
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
        shards: options.shards.clone(),
        train: by_label(&data.train),
        validation: by_label(&data.validation),
        train_patients: patients(&data.train),
        validation_patients: patients(&data.validation),
        leaks: Some(leaks),
        left_out,
    }
}
