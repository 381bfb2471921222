//! `fit`: from a folder of X-rays to a trained classifier head, and a run that records it.

mod backbones;
mod fine_tune;
mod leaks;
mod record;
mod without_mirror;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{bail, ensure};

use self::backbones::BackbonesFit;
use self::fine_tune::BackboneTuning;
use self::leaks::check_leaks;
use self::record::FinishedFit;
use self::without_mirror::without_mirror;
use super::features::merge_shards;
use crate::backbone_training::BackboneRecipe;
use crate::cancel::CancelToken;
use crate::device::ChosenDevice;
use crate::evaluation::DecisionRules;
use crate::features::shard::ShardStorage;
use crate::fine_tune::FineTune;
use crate::head::TrainingConfig;
use crate::pipeline::{
    BackboneSource, BaseModel, Checkpointing, Event, FeaturePrecision, FeatureSource, FittedHead, HeadFit,
    LoadedBackbones, PreparedFeatures,
};
use crate::run::{RunDir, RunFiles, RunRecord};

#[derive(Debug, Clone)]
pub struct FitOptions {
    pub source: FeatureSource,
    /// Where shards of the features lie, if they were computed elsewhere: a folder or `s3://BUCKET/PREFIX`.
    pub shards: Option<String>,
    pub training: TrainingConfig,
    /// How backbones are trained before the head; none: not at all.
    pub backbone_recipe: Option<BackboneRecipe>,
    /// How layers of the backbones are trained after the head; none: not at all.
    pub fine_tune: Option<FineTune>,
    pub decision: DecisionRules,
    /// Whether a data set with leaks is refused; if not, leaks are reported.
    pub strict: bool,
    /// Folder of the run.
    pub out: PathBuf,
    /// Whether an interrupted training in this folder is resumed.
    pub resume: bool,
    /// May end the training early; finished epochs are kept.
    pub cancel: CancelToken,
    /// The command line, for the record.
    pub command: Option<Vec<String>>,
}

impl FitOptions {
    /// The default options.
    pub fn new(source: FeatureSource, out: impl Into<PathBuf>) -> Self {
        FitOptions {
            source,
            shards: None,
            training: TrainingConfig::default(),
            backbone_recipe: None,
            fine_tune: None,
            decision: DecisionRules::default(),
            strict: false,
            out: out.into(),
            resume: false,
            cancel: CancelToken::default(),
            command: None,
        }
    }
}

const BASE_IS_KEPT: &str =
    "the backbones of a base model cannot be trained; leave --unfreeze out, and --recipe hardened";

/// Finds what would fail after hours of computing.
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
    if options.backbone_recipe.is_none() && options.fine_tune.is_none() {
        return Ok(());
    }
    let kinds = match &options.source.backbones {
        BackboneSource::Stored { kinds, .. } | BackboneSource::Random { kinds, .. } => kinds,
        BackboneSource::Base { .. } => bail!(BASE_IS_KEPT),
    };
    ensure!(
        !device.software,
        "a software driver cannot train backbones; use --device cpu, or leave --unfreeze and --recipe hardened out"
    );
    if let Some(recipe) = &options.backbone_recipe {
        recipe.layers(kinds)?;
        ensure!(
            options.shards.is_none(),
            "features in shards are those of other backbones; leave --shards or --recipe hardened out"
        );
    }
    let Some(fine_tune) = &options.fine_tune else { return Ok(()) };
    fine_tune.check(kinds)?;
    ensure!(
        options.source.views.hardening.is_none(),
        "--draws is for frozen backbones; leave --draws or --unfreeze out"
    );
    ensure!(
        options.source.feature_precision != FeaturePrecision::Int8,
        "int8 backbones cannot be trained; leave --features-by int8 or --unfreeze out"
    );
    Ok(())
}

/// Fits a head and writes the run.
///
/// # Errors
/// Everything that can go wrong with data, weights, features, training or the folder of the run, each with a remedy.
/// Images that cannot be read are no error: they are reported, left out and recorded.
pub fn fit(
    options: &FitOptions,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<RunRecord> {
    check(options, device)?;
    let mut source = options.source.clone();
    if options.fine_tune.is_some() {
        source.feature_precision = FeaturePrecision::Float;
    }
    let mut loaded = source.load(options.training.seed, observe)?;
    let start = Instant::now();
    let leaks = check_leaks(&loaded.data, &source.cache, options.strict, observe)?;
    loaded.data_seconds += start.elapsed().as_secs_f64();
    let run = RunDir::new(&options.out);
    let checkpointing = Checkpointing { run: &run, resume: options.resume, cancel: &options.cancel };
    let backbone_training = match &options.backbone_recipe {
        None => None,
        Some(recipe) => {
            let LoadedBackbones::Weights(sets) = &loaded.backbones else { bail!(BASE_IS_KEPT) };
            let backbones = BackbonesFit {
                recipe,
                sets,
                loaded: &loaded,
                options,
                device,
                checkpointing: &checkpointing,
            };
            let fitted = backbones.run(observe)?;
            loaded.backbones = LoadedBackbones::Weights(fitted.sets);
            Some(fitted.record)
        }
    };
    let mut prepared = source.extractor(loaded, device, observe)?;
    if let Some(place) = &options.shards {
        let storage = ShardStorage::open(place)?;
        merge_shards(&storage, &prepared.data, &prepared.extractor, source.view_options(), observe)?;
    }
    let head_fit = HeadFit {
        data: &prepared.data,
        extractor: &prepared.extractor,
        views: source.view_options(),
        training: &options.training,
        device,
        checkpointing: Some(&checkpointing),
    };
    let fitted = head_fit.run(observe)?;
    let without_mirror = match options.fine_tune {
        None => without_mirror(&prepared.data, &fitted, options, device, observe)?,
        // It would be compared with a head on other backbones.
        Some(_) => None,
    };
    let fitted = match &options.fine_tune {
        None => fitted,
        Some(_) => fine_tune_backbones(&mut prepared, fitted, options, device, &checkpointing, observe)?,
    };
    let operating_point = options.decision.choose_on(&fitted.scores, source.choose_on)?;
    operating_point.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
    let finished = FinishedFit {
        options,
        device,
        prepared: &prepared,
        leaks,
        fitted: &fitted,
        operating_point: &operating_point,
        without_mirror,
        backbone_training,
    };
    let record = finished.record()?;
    let PreparedFeatures { backbones, int8, .. } = &prepared;
    let fine_tuned = match backbones {
        LoadedBackbones::Weights(sets) if record.has_trained_backbones() => sets.as_slice(),
        _ => &[],
    };
    run.write(&RunFiles {
        record: &record,
        head: &fitted.trained.weights,
        scores: &fitted.scores,
        base: backbones.base().or(int8.as_ref().map(|int8| &int8.model)).map(BaseModel::file),
        fine_tuned,
    })?;
    Ok(record)
}

/// Fine-tunes the backbones and puts them into `prepared`, unless no epoch was better than before.
fn fine_tune_backbones(
    prepared: &mut PreparedFeatures,
    fitted: FittedHead,
    options: &FitOptions,
    device: &ChosenDevice,
    checkpointing: &Checkpointing<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<FittedHead> {
    let (Some(fine_tune), LoadedBackbones::Weights(sets)) = (&options.fine_tune, &prepared.backbones) else {
        bail!(BASE_IS_KEPT);
    };
    let tuning = BackboneTuning { sets, data: &prepared.data, fine_tune, options, device, checkpointing };
    let tuned = tuning.run(fitted, observe)?;
    if tuned.fitted.fine_tune_best == Some(0) {
        observe(Event::Warning(
            "no epoch of the fine-tuning had a lower validation loss than the backbones before it, which are \
             kept; try a smaller --fine-tune-rate",
        ));
    } else {
        prepared.backbones = LoadedBackbones::Weights(tuned.sets);
    }
    Ok(tuned.fitted)
}
