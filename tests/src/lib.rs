//! End-to-end tests over the whole workspace: what the trainer writes, the device reads. The tests lie in
//! `whole_road.rs`, and those of what a run keeps in `runs.rs`; here is what they share.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use host_trainer::architectures::BackboneKind;
use host_trainer::cancel::Stop;
use host_trainer::data::ClassNames;
use host_trainer::data::augment::Preset;
use host_trainer::data::phantom::{Counts, write_data_set};
use host_trainer::device::{ChosenDevice, DeviceChoice, choose};
use host_trainer::features::Views;
use host_trainer::head::TrainingConfig;
use host_trainer::pipeline::{
    self, BackboneSource, Budget, DecisionRules, Event, ExportOptions, ExportedModel, FeaturePrecision,
    FeatureSource, FitOptions, HeadTrainedOn, QualityGateChoice, Quantisation, RunImages,
};
use host_trainer::run::{ChooseOn, RunRecord};
use host_trainer::weights::WeightStore;
use tempfile::TempDir;
use xray_core::package::Precision;
use xray_core::preprocess::{Preprocessing, Scaling};

/// A small world: phantoms, and a place for a run and its models.
pub struct World {
    folder: TempDir,
    /// What `fit` is asked to do.
    pub options: FitOptions,
    /// Where it computes.
    pub device: ChosenDevice,
}

impl World {
    /// Draws phantoms and prepares a short fit on random backbones. Images are 64 pixels wide for the nets:
    /// the road is the same as with 224, twelve times shorter.
    ///
    /// # Errors
    /// If the temporary folder cannot be written.
    pub fn new() -> Result<World> {
        let folder = tempfile::tempdir().context("a temporary folder is needed")?;
        let data = folder.path().join("phantoms");
        write_data_set(&data, Counts { train: 12, test: 4 }, 5)?;
        let source = FeatureSource {
            data,
            classes: ClassNames::default(),
            splits: None,
            backbones: BackboneSource::Random { kinds: BackboneKind::DEFAULT_STACK.to_vec(), seed: 5 },
            preprocessing: Preprocessing { size: 64, ..Preprocessing::new(Scaling::Imagenet) },
            by: FeaturePrecision::Float,
            calibration_images: 8,
            views: Views::new(Preset::Article),
            corruptions: 0,
            choose_on: ChooseOn::Clean,
            cache: folder.path().join("cache"),
        };
        let options = FitOptions {
            source,
            shards: None,
            training: TrainingConfig {
                seed: 5,
                epochs: 3,
                batch_size: 8,
                learning_rate: 1e-3,
                ..TrainingConfig::default()
            },
            fine_tune: None,
            decision: DecisionRules::default(),
            strict: false,
            out: folder.path().join("run"),
            resume: false,
            stop: Stop::default(),
            command: None,
        };
        Ok(World { folder, options, device: choose(DeviceChoice::Cpu)? })
    }

    /// A path inside the world.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The test phantoms.
    pub fn test_images(&self) -> PathBuf {
        self.options.source.data.join("test")
    }
}

/// The bytes of a file.
///
/// # Errors
/// If it cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// Fits as the world is asked to: the run, the features that were in the cache, and all.
///
/// # Errors
/// What the trainer says.
pub fn fit(world: &World) -> Result<(RunRecord, usize, usize)> {
    let (mut cached, mut total) = (0, 0);
    let record = pipeline::fit(&world.options, &world.device, &mut |event| {
        if let Event::Features(progress) = event {
            (cached, total) = (progress.cached, progress.total);
        }
    })?;
    Ok((record, cached, total))
}

/// Exports the run in int8.
///
/// # Errors
/// What the trainer says.
pub fn export_int8(
    world: &World,
    head_on: HeadTrainedOn,
    budget: Option<Budget>,
    model: &Path,
) -> Result<ExportedModel> {
    let how = Quantisation { images: 8, head_on, budget };
    pipeline::export_quantised_run(&job(world, model), &how, &world.device, &mut |_| {})
}

/// Exports the run with float activations.
///
/// # Errors
/// What the trainer says.
pub fn export(world: &World, precision: Precision, name: &str) -> Result<std::path::PathBuf> {
    let job = job(world, &world.path(name));
    pipeline::export_run(&job, precision, &mut |_| {})?;
    Ok(job.out)
}

/// From the run of the world to `model`.
pub fn job(world: &World, model: &Path) -> ExportOptions {
    ExportOptions {
        run: world.options.out.clone(),
        store: WeightStore::at(world.path("no-weights")),
        images: RunImages { data: world.options.source.data.clone(), splits: None },
        cache: world.options.source.cache.clone(),
        gate: QualityGateChoice::IfEnoughImages,
        out: model.to_owned(),
    }
}
