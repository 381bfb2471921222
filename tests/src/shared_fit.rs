//! One fitted run that all tests read and none changes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use host_trainer::cancel::CancelToken;
use host_trainer::commands::export::{ExportedModel, HeadTrainedOn};
use host_trainer::commands::fit::FitOptions;
use host_trainer::device::{ChosenDevice, DeviceChoice, choose};
use host_trainer::run::RunRecord;

use crate::{ExportSource, OwnFit, copy_folder, fit_options, quantisation, run_fit};

/// A fitted run with its phantoms, its feature cache and its int8 model.
pub struct SharedFit {
    folder: PathBuf,
    pub options: FitOptions,
    pub device: ChosenDevice,
    pub record: RunRecord,
    int8: Mutex<Option<ExportedModel>>,
}

impl SharedFit {
    /// Fits below `folder`; what an earlier test run left there is replaced.
    ///
    /// # Errors
    /// If the folder cannot be written or the fit fails.
    pub fn make(folder: &Path) -> Result<SharedFit> {
        let folder = folder.join("shared-fit");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        let options = fit_options(&folder)?;
        let device = choose(DeviceChoice::Cpu)?;
        let record = run_fit(&options, &device)?.record;
        Ok(SharedFit { folder, options, device, record, int8: Mutex::new(None) })
    }

    /// The test phantoms.
    pub fn test_images(&self) -> PathBuf {
        self.options.source.sources[0].folder.join("test")
    }

    /// The run, to be exported.
    pub fn export_source(&self) -> ExportSource<'_> {
        ExportSource { options: &self.options, device: &self.device }
    }

    /// The run as an int8 model whose head was trained on float features; exported once.
    ///
    /// # Errors
    /// As the command `export`.
    pub fn int8_model(&self) -> Result<ExportedModel> {
        let mut int8 = self.int8.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*int8 {
            return Ok(model.clone());
        }
        let out = self.folder.join("int8.onnx");
        let model = self.export_source().int8(&quantisation(HeadTrainedOn::Float), &out)?;
        Ok(int8.insert(model).clone())
    }

    /// A fit on the same phantoms with the same feature cache and a run folder of its own.
    ///
    /// # Errors
    /// If the temporary folder cannot be made.
    pub fn variant(&self) -> Result<OwnFit> {
        let folder = tempfile::tempdir().context("a temporary folder is needed")?;
        // Clones of a cancel token share one flag: a test that cancels must not end the fits of others.
        let options = FitOptions {
            out: folder.path().join("run"),
            cancel: CancelToken::default(),
            ..self.options.clone()
        };
        Ok(OwnFit { folder, options, device: self.device.clone() })
    }

    /// As [`SharedFit::variant`], with a copy of the phantoms.
    ///
    /// # Errors
    /// If the copy cannot be written.
    pub fn variant_with_own_images(&self) -> Result<OwnFit> {
        let mut variant = self.variant()?;
        let data = variant.path("phantoms");
        copy_folder(&self.options.source.sources[0].folder, &data)?;
        variant.options.source.sources[0].folder = data;
        Ok(variant)
    }

    /// As [`SharedFit::variant`], with a copy of the run in its folder.
    ///
    /// # Errors
    /// If the copy cannot be written.
    pub fn variant_with_run(&self) -> Result<OwnFit> {
        let variant = self.variant()?;
        copy_folder(&self.options.out, &variant.options.out)?;
        Ok(variant)
    }
}
