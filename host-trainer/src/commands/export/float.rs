//! A model with float activations, or one with another head on the backbones of a base model.

use anyhow::ensure;
use xray_core::decision::ProbabilityCalibration;
use xray_core::engine::known_answer;
use xray_core::package::{PackageFile, Precision};

use super::audit::check_audit;
use super::quality_gate::fit_quality_gate;
use super::write::write_model;
use super::{ExportOptions, ExportedModel, QualityGateChoice, RunData, backbone_weights};
use crate::data::DataSet;
use crate::evaluation::calibrated;
use crate::export::export;
use crate::head::HeadWeights;
use crate::pipeline::{BaseModel, Event, contract_of_run, set_validation_figures};
use crate::run::{BaseUse, RunDir, RunRecord};

/// Writes the stacked model of a run as one ONNX file with float activations, and checks that it verifies as a
/// package. A run on a base model gives that model with another head, at the precision of the base. Where the run computed
/// its features in another precision than the file does, the figures of the file are measured on the validation images; the
/// threshold is that of the run.
///
/// # Errors
/// If the run or the weights cannot be read, the run failed its audit, the weights are not those of the run, the images for the quality gate or the
/// figures are not those of the run, or the file cannot be written.
pub fn export_run(
    options: &ExportOptions,
    precision: Precision,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ExportedModel> {
    let folder = RunDir::new(&options.run);
    let (record, head) = folder.read()?;
    check_audit(&record, options, observe)?;
    let measured = record.base.is_none() && (record.int8.is_some() || precision != Precision::Float32);
    // A model without a fitted quality gate whose figures are known needs no images.
    let needed = measured || options.quality_gate != QualityGateChoice::None;
    let data = needed.then(|| options.images.load(&record)).transpose()?;
    let export = FloatExport { options, folder: &folder, record: &record, head: &head, data: data.as_ref() };
    let bytes = match &record.base {
        Some(base) => export.on_base(base, observe)?,
        None => export.on_weights(precision, measured, observe)?,
    };
    let precision = record.base.as_ref().map_or(precision, |base| base.precision);
    write_model(bytes, precision, None, &options.out)
}

struct FloatExport<'a> {
    options: &'a ExportOptions,
    folder: &'a RunDir,
    record: &'a RunRecord,
    head: &'a HeadWeights,
    /// None where no images are needed.
    data: Option<&'a DataSet>,
}

impl FloatExport<'_> {
    /// The base model with the head of the run.
    fn on_base(&self, base: &BaseUse, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<Vec<u8>> {
        let path = self.folder.base_path();
        let model = BaseModel::read(&path)?;
        ensure!(
            model.file().sha256() == base.sha256,
            "{}: this is not the model that the run was made on ({}); make the run again",
            path.display(),
            base.file
        );
        // Without the quantisation record of the base: it was measured with another head, on other images.
        let mut contract = contract_of_run(self.record, base.precision);
        if let Some(data) = self.data {
            let run = RunData { record: self.record, data };
            contract.quality_gate = fit_quality_gate(self.options, run, &model, observe)?;
        }
        let graph = model.backbone_graph();
        let draft = PackageFile::from_bytes(&self.options.out, graph.with_head(self.head, &contract)?);
        contract.known_answer = Some(known_answer(&draft.verify()?)?);
        Ok(graph.with_head(self.head, &contract)?)
    }

    /// The backbones of the run with its head.
    fn on_weights(
        &self,
        precision: Precision,
        measured: bool,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Vec<u8>> {
        let sets = backbone_weights(self.folder, self.record, &self.options.store)?;
        let mut contract = contract_of_run(self.record, precision);
        let bytes = export(&sets, self.head, &contract)?;
        let Some(data) = self.data else { return Ok(bytes) };
        let run = RunData { record: self.record, data };
        let model = BaseModel::new(PackageFile::from_bytes(&self.options.out, bytes))?;
        contract.quality_gate = fit_quality_gate(self.options, run, &model, observe)?;
        if measured {
            let scores = run.device_scores(model.file(), observe)?;
            let scores = calibrated(&scores, ProbabilityCalibration::new(contract.temperature)?);
            set_validation_figures(&mut contract, &scores)?;
        }
        Ok(model.backbone_graph().with_head(self.head, &contract)?)
    }
}
