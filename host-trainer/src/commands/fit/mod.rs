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
use super::mirror::without_mirror;
use super::operating_point::{DecisionRules, calibrated};
use super::shards::merge;
use super::shift::{apart, counted, shift};
use super::source::{BackboneSource, FeatureSource, FeaturesBy, Prepared, Stack, patients};
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

const BASE_IS_KEPT: &str = "the backbones of a base model are kept as they are; leave --unfreeze out";

/// What would fail after hours of computing fails here.
fn check(options: &FitOptions, device: &ChosenDevice) -> anyhow::Result<()> {
    options.training.check()?;
    if let BackboneSource::Stored { store, .. } = &options.source.backbones {
        let of_run = RunDir::new(&options.out).fine_tuned();
        ensure!(
            std::path::absolute(store.dir())? != std::path::absolute(of_run.dir())?,
            "{}: these weights are of the run in {}, which a new one there would replace; choose another --out",
            store.dir().display(),
            options.out.display()
        );
    }
    let Some(how) = &options.fine_tune else { return Ok(()) };
    let kinds = match &options.source.backbones {
        BackboneSource::Stored { kinds, .. } | BackboneSource::Random { kinds, .. } => kinds,
        BackboneSource::Base { .. } => bail!(BASE_IS_KEPT),
    };
    how.check(kinds)?;
    ensure!(
        options.source.by != FeaturesBy::Int8,
        "int8 backbones cannot be trained; leave --features-by int8 or --unfreeze out"
    );
    ensure!(!device.software, "a software driver cannot train backbones; use --device cpu for --unfreeze");
    Ok(())
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
    check(options, device)?;
    let mut source = options.source.clone();
    if options.fine_tune.is_some() {
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
    let without_mirror = match options.fine_tune {
        None => without_mirror(&data, &fitted, options, device, observe)?,
        // It would be compared with a head on other backbones.
        Some(_) => None,
    };
    let fitted = match (&options.fine_tune, &stack) {
        (None, _) => fitted,
        (Some(_), Stack::Base(_)) => bail!(BASE_IS_KEPT),
        (Some(how), Stack::Weights(sets)) => {
            let tuned =
                fine_tune_backbones(sets, &data, fitted, (how, options), device, &checkpointing, observe)?;
            if tuned.fitted.fine_tune_best == Some(0) {
                observe(Event::Warning(
                    "no pass of the fine-tuning had a lower validation loss than the layers as they were, which are \
                     kept; try a smaller --fine-tune-rate",
                ));
            } else {
                stack = Stack::Weights(tuned.sets);
            }
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
        head: fitted.trained.weights.fingerprint(),
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
        without_mirror,
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
    let fine_tuned = match &stack {
        Stack::Weights(sets) if record.has_trained_backbones() => sets.as_slice(),
        _ => &[],
    };
    run.write(&record, &fitted.trained.weights, &fitted.scores, (base, fine_tuned))?;
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
    // Below the data folder, which may lie elsewhere when the run is exported.
    let left_out: BTreeMap<String, String> = data
        .train
        .iter()
        .chain(&data.validation)
        .filter_map(|item| Some((item.relative.clone(), extraction.unreadable.get(&item.path)?.clone())))
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
        leaks,
        left_out,
    }
}
