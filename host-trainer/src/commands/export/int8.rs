//! A model with int8 activations: activation ranges, a head for the int8 backbones, and the comparison with the float model.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use xray_core::decision::ProbabilityCalibration;
use xray_core::engine::known_answer;
use xray_core::package::{Contract, PackageFile, Precision};

use super::audit::check_audit;
use super::quality_gate::fit_quality_gate;
use super::quantisation::{HeadTrainedOn, QuantisationOptions};
use super::write::write_model;
use super::{ExportOptions, ExportedModel, RunData, backbone_weights};
use crate::device::ChosenDevice;
use crate::evaluation::{DecisionRules, Int8Comparison, ModelScores, calibrated};
use crate::export::{BackboneGraph, export_quantised};
use crate::features::{Extractor, FeatureJob, View};
use crate::head::{HeadWeights, Samples, probabilities};
use crate::pipeline::{
    BaseModel, Event, FittedHead, HeadFit, ViewOptions, calibration_images, contract_of_run,
    measure_activation_ranges, set_validation_figures, validation_score,
};
use crate::run::{RunDir, RunRecord, ValidationScore};
use crate::weights::WeightSet;

/// As [`export_run`](super::export_run) with [`Precision::Int8`]: measures activation ranges on training images of the run,
/// trains the head again on the int8 backbones if asked to, chooses temperature and threshold on the validation images as
/// the device scores them, and compares the file with the float model on these.
///
/// # Errors
/// As [`export_run`](super::export_run); if the images are not those of the run, the ranges cannot be measured, or the int8
/// model exceeds the accuracy budget.
pub fn export_quantised_run(
    options: &ExportOptions,
    quantisation: &QuantisationOptions,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ExportedModel> {
    let folder = RunDir::new(&options.run);
    let (record, head) = folder.read()?;
    ensure!(
        record.base.is_none(),
        "{}: this run kept the backbones of a model, whose precision cannot be changed; export it without \
         --precision",
        options.run.display()
    );
    if record.int8.is_some() {
        ensure!(
            quantisation.head_trained_on == HeadTrainedOn::Int8,
            "{}: the head of this run was trained on int8 backbones; leave --head-on float out, or make a run with \
             `fit --features-by float`",
            folder.path().display()
        );
    }
    check_audit(&record, options, observe)?;
    let sets = backbone_weights(&folder, &record, &options.store)?;
    let data = options.images.load(&record)?;
    let run = RunData { record: &record, data: &data };
    let export = Int8Export { options, quantisation, run, sets: &sets, device };
    match record.int8 {
        Some(_) => export.of_int8_run(&folder, &head, observe),
        None => export.of_float_run(&folder, head, observe),
    }
}

struct Int8Export<'a> {
    options: &'a ExportOptions,
    quantisation: &'a QuantisationOptions,
    run: RunData<'a>,
    sets: &'a [WeightSet],
    device: &'a ChosenDevice,
}

/// An int8 model whose figures are not known yet.
struct Int8Draft<'a> {
    graph: &'a BackboneGraph,
    head: &'a HeadWeights,
    contract: Contract,
    calibration_images: usize,
    head_trained_on: HeadTrainedOn,
}

impl Int8Export<'_> {
    /// A run with float features: backbones are quantised now.
    fn of_float_run(
        &self,
        folder: &RunDir,
        mut head: HeadWeights,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<ExportedModel> {
        let record = self.run.record;
        let float = folder.scores()?;
        let images = calibration_images(
            &self.run.data.train,
            record.training.seed,
            self.quantisation.calibration_images,
        );
        let images: Vec<PathBuf> = images.into_iter().map(|item| item.path.clone()).collect();
        let ranges = measure_activation_ranges(self.sets, &record.preprocessing, &images, observe)?;
        let mut contract = contract_of_run(record, Precision::Int8);
        let bytes = export_quantised(self.sets, &head, &contract, &ranges)?;
        let model = BaseModel::new(PackageFile::from_bytes(&self.options.out, bytes))?;
        contract.quality_gate = fit_quality_gate(self.options, self.run, &model, observe)?;
        if self.quantisation.head_trained_on == HeadTrainedOn::Int8 {
            let fitted = self.train_head_again(&model, observe)?;
            head = fitted.trained.weights;
            let chosen = DecisionRules::of(record)?.choose_on(
                &fitted.scores,
                record.choose_on,
                record.choose_source.as_deref(),
            )?;
            chosen.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
            contract.temperature = chosen.calibration.temperature();
            (contract.threshold, contract.abstain) = (chosen.threshold, chosen.abstain);
        }
        let draft = Int8Draft {
            graph: model.backbone_graph(),
            head: &head,
            contract,
            calibration_images: images.len(),
            head_trained_on: self.quantisation.head_trained_on,
        };
        self.finish(draft, &float, observe)
    }

    /// A run with features of int8 backbones: the run holds these backbones, and its head and operating point are exported.
    /// The float model of the comparison has the same head.
    fn of_int8_run(
        &self,
        folder: &RunDir,
        head: &HeadWeights,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<ExportedModel> {
        let record = self.run.record;
        let path = folder.base_path();
        let model = BaseModel::read(&path)?;
        let int8 = record.int8.as_ref().filter(|int8| int8.sha256 == model.file().sha256());
        let int8 = int8.with_context(|| {
            format!("{}: these are not the int8 backbones of the run; make the run again", path.display())
        })?;
        let float = self.float_scores(head, observe)?;
        let mut contract = contract_of_run(record, Precision::Int8);
        contract.quality_gate = fit_quality_gate(self.options, self.run, &model, observe)?;
        let draft = Int8Draft {
            graph: model.backbone_graph(),
            head,
            contract,
            calibration_images: int8.calibration_images,
            head_trained_on: HeadTrainedOn::Int8,
        };
        self.finish(draft, &float, observe)
    }

    /// The validation images, scored with the float backbones and this head.
    fn float_scores(
        &self,
        head: &HeadWeights,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Vec<ValidationScore>> {
        observe(Event::Note("scoring the validation images with the float backbones, for the comparison"));
        let RunData { record, data } = self.run;
        let extractor = Extractor::new(self.sets, &record.preprocessing, self.device, &self.options.cache)?;
        let jobs: Vec<FeatureJob> =
            data.validation.iter().map(|item| FeatureJob::new(item, View::Plain)).collect();
        let extraction = extractor.run(&jobs, |progress| observe(Event::Features(progress)))?;
        let (mut items, mut samples) = (Vec::new(), Samples::default());
        for (item, features) in data.validation.iter().zip(extraction.features) {
            if let Some(features) = features {
                items.push(item);
                samples.views.push(vec![features]);
                samples.labels.push(item.label);
            }
        }
        let float = probabilities(head, &samples, &self.device.device)?;
        let pairs = items.into_iter().zip(float);
        Ok(pairs.map(|(item, probability)| validation_score(item, &View::Plain, probability)).collect())
    }

    /// Trains the head of the run again, on the features of the int8 backbones.
    fn train_head_again(
        &self,
        model: &BaseModel,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<FittedHead> {
        observe(Event::Note("training the head again, on the features of the int8 backbones"));
        let RunData { record, data } = self.run;
        let extractor = model.extractor(&self.options.cache, observe)?;
        let corruptions = record.domain_shift.as_ref().map_or(0, |shift| shift.corruptions);
        HeadFit {
            data,
            extractor: &extractor,
            views: ViewOptions {
                training: &record.views,
                corruptions,
                choose_on: record.choose_on,
                sources: &record.sources(),
            },
            training: &record.training,
            device: self.device,
            checkpointing: None,
        }
        .run(observe)
    }

    /// Scores the validation images on the engine of the device, compares them with the float model, and writes the file.
    fn finish(
        &self,
        mut draft: Int8Draft<'_>,
        float: &[ValidationScore],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<ExportedModel> {
        let (record, out) = (self.run.record, self.options.out.as_path());
        let file = draft.file(self)?;
        let scores = self.run.device_scores(&file, observe)?;
        let float = calibrated(float, ProbabilityCalibration::new(record.temperature.unwrap_or(1.0))?);
        let scores = calibrated(&scores, ProbabilityCalibration::new(draft.contract.temperature)?);
        let comparison = Int8Comparison::new(
            ModelScores { scores: &float, threshold: record.threshold },
            ModelScores { scores: &scores, threshold: draft.contract.threshold },
        )?;
        set_validation_figures(&mut draft.contract, &scores)?;
        draft.contract.quantisation =
            Some(comparison.record(draft.head_trained_on.name(), draft.calibration_images));
        draft.contract.known_answer = Some(known_answer(&file.verify()?)?);
        observe(Event::Note(&comparison.to_string()));
        if let Some(reason) = self.quantisation.budget.and_then(|budget| comparison.exceeded(&budget)) {
            bail!(
                "{}: not written: {reason}. Measure the activation ranges on more images ({}), or accept the loss with \
                 --allow-over-budget",
                out.display(),
                images_option(record)
            );
        }
        let bytes = draft.file(self)?.bytes().to_vec();
        write_model(bytes, Precision::Int8, Some(comparison), out)
    }
}

impl Int8Draft<'_> {
    fn file(&self, export: &Int8Export<'_>) -> anyhow::Result<PackageFile> {
        let bytes = self.graph.with_head(self.head, &self.contract)?;
        Ok(PackageFile::from_bytes(&export.options.out, bytes))
    }
}

/// The option that sets the number of calibration images for such a run.
fn images_option(record: &RunRecord) -> &'static str {
    if record.int8.is_some() { "fit --calibrate-on" } else { "--calibration-images" }
}
