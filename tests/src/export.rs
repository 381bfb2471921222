//! Exports of a fitted run.

use std::path::{Path, PathBuf};

use anyhow::Result;
use host_trainer::commands::export::{
    AuditRequirement, ExportOptions, ExportedModel, HeadTrainedOn, QualityGateChoice, QuantisationOptions,
    export_quantised_run, export_run,
};
use host_trainer::commands::fit::FitOptions;
use host_trainer::data::DataSource;
use host_trainer::device::ChosenDevice;
use host_trainer::pipeline::RunImages;
use host_trainer::weights::WeightStore;
use xray_core::package::Precision;

/// A fitted run and the device that trains its head again.
#[derive(Clone, Copy)]
pub struct ExportSource<'a> {
    pub options: &'a FitOptions,
    pub device: &'a ChosenDevice,
}

/// Eight calibration images and no accuracy budget.
pub fn quantisation(head_trained_on: HeadTrainedOn) -> QuantisationOptions {
    QuantisationOptions { calibration_images: 8, head_trained_on, budget: None }
}

impl ExportSource<'_> {
    /// Options for an export to `out`.
    pub fn options(&self, out: &Path) -> ExportOptions {
        let source = &self.options.source;
        ExportOptions {
            run: self.options.out.clone(),
            store: WeightStore::at(self.options.out.with_file_name("no-weights")),
            images: RunImages { sources: vec![DataSource::new(source.sources[0].folder.clone())] },
            cache: source.cache.clone(),
            quality_gate: QualityGateChoice::IfEnoughImages,
            audit: AuditRequirement::default(),
            out: out.to_owned(),
        }
    }

    /// Exports with int8 activations.
    ///
    /// # Errors
    /// As the command `export`.
    pub fn int8(&self, quantisation: &QuantisationOptions, out: &Path) -> Result<ExportedModel> {
        export_quantised_run(&self.options(out), quantisation, self.device, &mut |_| {})
    }

    /// Exports with float activations, or a run on a base model in its precision.
    ///
    /// # Errors
    /// As the command `export`.
    pub fn float(&self, precision: Precision, out: &Path) -> Result<PathBuf> {
        export_run(&self.options(out), precision, &mut |_| {})?;
        Ok(out.to_owned())
    }
}
