//! What the end-to-end tests share: phantoms, one fitted run with its feature cache, and exports of it.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "support code for the tests of this crate")]

mod export;
mod reference;
mod shared_fit;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use host_trainer::architectures::BackboneKind;
use host_trainer::commands::fit::{FitOptions, fit};
use host_trainer::data::augment::Preset;
use host_trainer::data::phantom::{Counts, write_data_set};
use host_trainer::decoding;
use host_trainer::device::{ChosenDevice, DeviceChoice, choose};
use host_trainer::features::Views;
use host_trainer::head::TrainingConfig;
use host_trainer::pipeline::{BackboneSource, Event, FeaturePrecision, FeatureSource};
use host_trainer::run::RunRecord;
use tempfile::TempDir;
use xray_core::preprocess::{Preprocessing, Scaling};

pub use export::{ExportSource, quantisation};
pub use reference::head_probability;
pub use shared_fit::SharedFit;

/// A fit of its own: options, a device, and a temporary folder for the run and its models.
pub struct OwnFit {
    folder: TempDir,
    pub options: FitOptions,
    pub device: ChosenDevice,
}

/// What a fit reported.
pub struct FitOutcome {
    pub record: RunRecord,
    /// Features that were in the cache.
    pub cached: usize,
    /// All features.
    pub total: usize,
}

impl OwnFit {
    /// A short fit on its own phantoms with its own feature cache.
    ///
    /// # Errors
    /// If the temporary folder cannot be written.
    pub fn new() -> Result<OwnFit> {
        let folder = tempfile::tempdir().context("a temporary folder is needed")?;
        let options = fit_options(folder.path())?;
        Ok(OwnFit { folder, options, device: choose(DeviceChoice::Cpu)? })
    }

    /// A path in the temporary folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The test phantoms.
    pub fn test_images(&self) -> PathBuf {
        self.options.source.sources[0].folder.join("test")
    }

    /// # Errors
    /// As the command `fit`.
    pub fn run(&self) -> Result<FitOutcome> {
        run_fit(&self.options, &self.device)
    }

    /// The fitted run, to be exported.
    pub fn export_source(&self) -> ExportSource<'_> {
        ExportSource { options: &self.options, device: &self.device }
    }
}

/// Draws phantoms below `folder` and prepares a short fit on random backbones. Images are 64 pixels wide: the steps are the
/// same as with 224, twelve times shorter.
fn fit_options(folder: &Path) -> Result<FitOptions> {
    decoding::use_program(&decode_child()?);
    let data = folder.join("phantoms");
    write_data_set(&data, Counts { train: 12, test: 4 }, 5)?;
    let source = FeatureSource {
        backbones: BackboneSource::Random { kinds: BackboneKind::DEFAULT_STACK.to_vec(), seed: 5 },
        preprocessing: Preprocessing { size: 64, ..Preprocessing::new(Scaling::Imagenet) },
        feature_precision: FeaturePrecision::Float,
        calibration_images: 8,
        views: Views::new(Preset::Article),
        ..FeatureSource::new(data, folder.join("cache"))?
    };
    Ok(FitOptions {
        training: TrainingConfig {
            seed: 5,
            epochs: 3,
            batch_size: 8,
            learning_rate: 1e-3,
            ..TrainingConfig::default()
        },
        // Random backbones on phantoms would not pass; tests of the audit turn it on.
        audit: None,
        ..FitOptions::new(source, folder.join("run"))
    })
}

/// The program of this package that decodes images; tests lie in a folder beside it.
fn decode_child() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder =
        test.parent().and_then(Path::parent).context("a test lies in a folder of the target folder")?;
    Ok(folder.join(format!("decode-child{}", std::env::consts::EXE_SUFFIX)))
}

fn run_fit(options: &FitOptions, device: &ChosenDevice) -> Result<FitOutcome> {
    let (mut cached, mut total) = (0, 0);
    let record = fit(options, device, &mut |event| {
        if let Event::Features(progress) = event {
            (cached, total) = (progress.cached, progress.total);
        }
    })?;
    Ok(FitOutcome { record, cached, total })
}

/// The bytes of a file.
///
/// # Errors
/// If it cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// Copies the files of a folder, and those in folders below it.
///
/// # Errors
/// If one cannot be copied.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
