//! From a run to a model file.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use xray_core::decision::Calibration;
use xray_core::engine::known_answer;
use xray_core::package::{Contract, PackageFile, Precision};

use super::Event;
use super::base::BaseModel;
use super::calibration::{RunImages, calibration, data_of, sample};
use super::comparison::{Budget, Comparison, compare, comparison_path};
use super::contract::{contract, judged_by};
use super::gate::{GateWish, fit_gate};
use super::head_fit::{FittedHead, Forms, fit_head, score, scored};
use super::operating_point::{DecisionRules, calibrated};
use super::shift::counted;
use crate::data::{DataSet, Item};
use crate::device::ChosenDevice;
use crate::export::{Body, export, export_quantised};
use crate::features::{Extractor, Job, View};
use crate::files::{if_there, write_atomic};
use crate::head::{HeadWeights, Samples, probabilities};
use crate::run::{RunDir, RunRecord, ValidationScore};
use crate::weights::{Provenance, WeightSet, WeightStore};

/// What the head of an int8 model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HeadOn {
    /// Features of the int8 backbones, as the device computes them
    Int8,
    /// Features of the float backbones, as the run computed them
    Float,
}

impl HeadOn {
    fn name(self) -> &'static str {
        match self {
            HeadOn::Int8 => "int8",
            HeadOn::Float => "float",
        }
    }
}

/// What a model is made from, and where it goes.
#[derive(Debug)]
pub struct ExportJob {
    /// Folder of a finished run.
    pub run: PathBuf,
    /// The imported weights.
    pub store: WeightStore,
    /// The images of the run, for int8, the gate and figures that are measured anew.
    pub images: RunImages,
    /// Folder of the feature cache.
    pub cache: PathBuf,
    /// Whether the model gets a gate that knows X-rays.
    pub gate: GateWish,
    /// The file that is written; one that is there is replaced when the new one is whole.
    pub out: PathBuf,
}

/// How a quantised export is made.
#[derive(Debug, Clone)]
pub struct Quantisation {
    /// Number of training images that it is calibrated on; fewer if there are fewer.
    pub images: usize,
    /// What the head is trained on.
    pub head_on: HeadOn,
    /// What the int8 model may lose against the float one; none writes the model whatever it loses.
    pub budget: Option<Budget>,
}

/// A model file that was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ExportedModel {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 (hex): the identity of the model.
    pub sha256: String,
    /// How its numbers are stored.
    pub precision: Precision,
    /// Float against int8 on the validation images, if the backbones were quantised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// Writes the whole stack of a run as one ONNX file with float activations, and checks that it verifies as a
/// package. A run on a base model gives that model with another head, at the base's precision. Where the run computed its
/// features otherwise than the file does, the file's figures are measured on the validation images; the threshold is the
/// run's.
///
/// # Errors
/// If the run or the weights cannot be read, the weights are not those of the run, the images for the gate or the figures
/// are not those of the run, or the file cannot be written.
pub fn export_run(
    job: &ExportJob,
    precision: Precision,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ExportedModel> {
    let (folder, out) = (RunDir::new(&job.run), job.out.as_path());
    let (record, head) = folder.read()?;
    let measured = record.base.is_none() && (record.int8.is_some() || precision != Precision::Float32);
    // A model without a gate whose figures are known needs no images.
    let needed = measured || job.gate != GateWish::Without;
    let data = needed.then(|| data_of(&record, &job.images)).transpose()?;
    let bytes = match &record.base {
        Some(base) => {
            let file = BaseModel::read(&folder.base_path())?;
            ensure!(
                file.file().sha256() == base.sha256,
                "{}: this is not the model that the run was made on ({}); make the run again",
                folder.base_path().display(),
                base.file
            );
            let mut contract = contract(&record, base.precision);
            // Nothing of the base's own: what quantising it cost was measured with another head, on other images.
            if let Some(data) = &data {
                contract.gate = fit_gate(job, (&record, data), &file, observe)?;
            }
            let draft = file.body().with_head(&head, &contract)?;
            contract.known_answer = Some(known_answer(&PackageFile::from_bytes(out, draft).verify()?)?);
            file.body().with_head(&head, &contract)?
        }
        None => {
            let sets = backbones(&folder, &record, &job.store)?;
            let mut contract = contract(&record, precision);
            let bytes = export(&sets, &head, &contract)?;
            if let Some(data) = &data {
                let model = BaseModel::new(PackageFile::from_bytes(out, bytes))?;
                contract.gate = fit_gate(job, (&record, data), &model, observe)?;
                if measured {
                    let scores = device_scores(model.file(), data, &record, observe)?;
                    let scores = calibrated(&scores, Calibration::new(contract.temperature)?);
                    judged_by(&mut contract, &scores)?;
                }
                model.body().with_head(&head, &contract)?
            } else {
                bytes
            }
        }
    };
    let precision = record.base.as_ref().map_or(precision, |base| base.precision);
    write(bytes, precision, None, out)
}

/// As [`export_run`] with [`Precision::Int8`]: calibrates on training images of the run, trains the head again
/// on the int8 backbones if asked to, chooses temperature and threshold on the validation images as the device scores them,
/// and compares the file with the float model on these.
///
/// # Errors
/// As [`export_run`]; if the images are not those of the run, the calibration fails, or the int8 model loses
/// more than the budget allows.
pub fn export_quantised_run(
    job: &ExportJob,
    how: &Quantisation,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ExportedModel> {
    let folder = RunDir::new(&job.run);
    let (record, head) = folder.read()?;
    ensure!(
        record.base.is_none(),
        "{}: this run kept the backbones of a model, which are quantised or not as they are; export it without \
         --precision",
        job.run.display()
    );
    if record.int8.is_some() {
        return export_int8_run(job, (&folder, &record, &head), how, device, observe);
    }
    let float = folder.scores()?;
    let sets = backbones(&folder, &record, &job.store)?;
    let data = data_of(&record, &job.images)?;
    let images = sample(&data.train, record.training.seed, how.images);
    let images: Vec<PathBuf> = images.into_iter().map(|item| item.path.clone()).collect();
    let calibration = calibration(&sets, &record.preprocessing, &images, observe)?;
    let mut contract = contract(&record, Precision::Int8);
    let draft = export_quantised(&sets, &head, &contract, &calibration)?;
    let draft = BaseModel::new(PackageFile::from_bytes(&job.out, draft))?;
    contract.gate = fit_gate(job, (&record, &data), &draft, observe)?;
    let mut head = head;
    if how.head_on == HeadOn::Int8 {
        let fitted = refit((&record, &data), &draft, &job.cache, device, observe)?;
        head = fitted.trained.weights;
        let chosen =
            DecisionRules::of(&record)?.choose(&scored(&counted(&fitted.scores, record.choose_on)))?;
        chosen.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
        contract.temperature = chosen.calibration.temperature();
        (contract.threshold, contract.abstain) = (chosen.threshold, chosen.abstain);
    }
    let draft = Draft { body: draft.body(), head: &head, calibrated_on: images.len(), head_on: how.head_on };
    finish(draft, contract, (&record, &float, &data), (job, how), observe)
}

/// As [`export_quantised_run`] of a run whose features come from int8 backbones: these are in the run, and its head and
/// operating point are what is exported. The float model that it is held against has the same head.
fn export_int8_run(
    job: &ExportJob,
    (folder, record, head): (&RunDir, &RunRecord, &HeadWeights),
    how: &Quantisation,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ExportedModel> {
    ensure!(
        how.head_on == HeadOn::Int8,
        "{}: the head of this run was trained on int8 backbones; leave --head-on float out, or make a run with \
         `fit --features-by float`",
        folder.path().display()
    );
    let model = BaseModel::read(&folder.base_path())?;
    let int8 = record.int8.as_ref().filter(|int8| int8.sha256 == model.file().sha256());
    let int8 = int8.with_context(|| {
        let path = folder.base_path();
        format!("{}: these are not the int8 backbones of the run; make the run again", path.display())
    })?;
    let sets = backbones(folder, record, &job.store)?;
    let data = data_of(record, &job.images)?;
    observe(Event::Note("the validation images through the float backbones, to be held against"));
    let extractor = Extractor::new(&sets, &record.preprocessing, device, &job.cache)?;
    let plain = |item: &Item| Job { path: item.path.clone(), sha256: item.sha256.clone(), view: View::Plain };
    let jobs: Vec<Job> = data.validation.iter().map(plain).collect();
    let extraction = extractor.run(&jobs, |progress| observe(Event::Features(progress)))?;
    let (mut items, mut samples) = (Vec::new(), Samples::default());
    for (item, features) in data.validation.iter().zip(extraction.features) {
        if let Some(features) = features {
            items.push(item);
            samples.views.push(vec![features]);
            samples.labels.push(item.label);
        }
    }
    let float = probabilities(head, &samples, &device.device)?;
    let float: Vec<_> = items.into_iter().zip(float).map(|(item, p)| score(item, &View::Plain, p)).collect();
    let mut contract = contract(record, Precision::Int8);
    contract.gate = fit_gate(job, (record, &data), &model, observe)?;
    let draft =
        Draft { body: model.body(), head, calibrated_on: int8.calibration_images, head_on: HeadOn::Int8 };
    finish(draft, contract, (record, &float, &data), (job, how), observe)
}

/// An int8 model whose figures are not known yet.
struct Draft<'a> {
    body: &'a Body,
    head: &'a HeadWeights,
    calibrated_on: usize,
    head_on: HeadOn,
}

/// Scores the validation images on the device's engine, holds them against the float model, and writes the file.
fn finish(
    draft: Draft<'_>,
    mut contract: Contract,
    (record, float, data): (&RunRecord, &[ValidationScore], &DataSet),
    (job, how): (&ExportJob, &Quantisation),
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ExportedModel> {
    let out = job.out.as_path();
    let mut file = PackageFile::from_bytes(out, draft.body.with_head(draft.head, &contract)?);
    let scores = device_scores(&file, data, record, observe)?;
    let float = calibrated(float, Calibration::new(record.temperature.unwrap_or(1.0))?);
    let scores = calibrated(&scores, Calibration::new(contract.temperature)?);
    let comparison = compare((&float, record.threshold), (&scores, contract.threshold))?;
    judged_by(&mut contract, &scores)?;
    contract.quantisation = Some(comparison.record(draft.head_on.name(), draft.calibrated_on));
    contract.known_answer = Some(known_answer(&file.clone().verify()?)?);
    file = PackageFile::from_bytes(out, draft.body.with_head(draft.head, &contract)?);
    observe(Event::Note(&comparison.to_string()));
    if let Some(budget) = &how.budget
        && let Some(reason) = comparison.over(budget)
    {
        let option = if record.int8.is_some() { "fit --calibrate-on" } else { "--calibration-images" };
        bail!(
            "{}: not written: {reason}. Calibrate on more images ({option}), or accept it with --allow-over-budget",
            out.display()
        );
    }
    write(file.bytes().to_vec(), Precision::Int8, Some(comparison), out)
}

/// Trains the head of the run again, on the features of the quantised backbones.
fn refit(
    (record, data): (&RunRecord, &DataSet),
    draft: &BaseModel,
    cache: &Path,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<FittedHead> {
    observe(Event::Note("training the head again, on the features of the int8 backbones"));
    let extractor = draft.extractor(cache, observe)?;
    let corruptions = record.shift.as_ref().map_or(0, |shift| shift.corruptions);
    let forms = Forms { views: &record.views, corruptions, choose_on: record.choose_on };
    fit_head(data, &extractor, forms, &record.training, device, None, observe)
}

/// The validation images as the device scores them with this file.
fn device_scores(
    file: &PackageFile,
    data: &DataSet,
    record: &RunRecord,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Vec<ValidationScore>> {
    let items: Vec<_> =
        data.validation.iter().filter(|item| !record.data.left_out.contains_key(&item.relative)).collect();
    let paths: Vec<&Path> = items.iter().map(|item| item.path.as_path()).collect();
    let probabilities = super::evaluate::probabilities(file, &paths, observe)?;
    Ok(items.into_iter().zip(probabilities).map(|(item, p)| score(item, &View::Plain, p)).collect())
}

fn write(
    bytes: Vec<u8>,
    precision: Precision,
    comparison: Option<Comparison>,
    out: &Path,
) -> anyhow::Result<ExportedModel> {
    let file = PackageFile::from_bytes(out, bytes);
    let exported = ExportedModel {
        path: out.to_owned(),
        bytes: file.bytes().len() as u64,
        sha256: file.sha256().to_owned(),
        precision,
        comparison,
    };
    // What a device would refuse is not written in the first place.
    let _: &Contract = file.clone().verify()?.contract();
    let write = |path: &Path, bytes: &[u8]| {
        write_atomic(path, bytes).with_context(|| {
            format!("{}: could not be written; check the folder and its space", path.display())
        })
    };
    // The model last: where it is, what is said of it is there.
    match &exported.comparison {
        Some(comparison) => {
            write(&comparison_path(out), &serde_json::to_vec_pretty(&comparison.of_model(file.sha256()))?)?;
        }
        // It would be that of another model.
        None => {
            let old = comparison_path(out);
            if_there(std::fs::remove_file(&old))
                .with_context(|| format!("{}: could not be removed", old.display()))?;
        }
    }
    write(out, file.bytes())?;
    Ok(exported)
}

fn backbones(run: &RunDir, record: &RunRecord, store: &WeightStore) -> anyhow::Result<Vec<WeightSet>> {
    let store = if record.has_trained_backbones() { &run.fine_tuned() } else { store };
    record
        .backbones
        .iter()
        .map(|backbone| {
            let set = match &backbone.provenance {
                Provenance::Random { seed } => WeightSet::random(backbone.kind, *seed),
                Provenance::File { .. } | Provenance::FineTuned { .. } => store.load(backbone.kind)?,
                Provenance::Model { .. } => bail!("{} lies in a model", backbone.kind.name()),
            };
            ensure!(
                set.fingerprint() == backbone.fingerprint,
                "the weights of {} in {} are not those that the run was made with ({}); import those again, \
                 or make the run again",
                backbone.kind.name(),
                store.dir().display(),
                backbone.provenance,
            );
            Ok(set)
        })
        .collect()
}
