//! Int8 models: their engines, their backbones, and the accuracy budget.

use std::num::NonZeroUsize;

use anyhow::Result;
use host_trainer::commands::export::{HeadTrainedOn, QuantisationOptions};
use host_trainer::data::{Split, of_split};
use host_trainer::evaluation::{AccuracyBudget, comparison_path};
use host_trainer::export::BackboneGraph;
use host_trainer::pipeline::FeaturePrecision;
use host_trainer::run::{ChooseOn, RunDir, RunRecord};
use serde_json::Value;
use xray_core::decision::ProbabilityCalibration;
use xray_core::engine::{Engine, FusedEngine, TractEngine};
use xray_core::package::{PackageFile, Precision};
use xray_core::preprocess::prepare;
use xray_core::screening::Screener;
use xray_edge_tests::{FitOutcome, bytes, quantisation};
use xray_intake::read_file;

use crate::shared;

#[test]
fn the_integer_engine_agrees_with_tract() -> Result<()> {
    let shared = shared();
    let exported = shared.int8_model()?;
    let model = &exported.path;

    let package = PackageFile::read(model)?.verify()?;
    assert_eq!(package.contract().precision, Precision::Int8);
    let (comparison, record) =
        (exported.comparison.unwrap(), package.contract().quantisation.clone().unwrap());
    assert_eq!((record.head_on.as_str(), record.calibration_images, record.compared_images), ("float", 8, 4));
    assert_eq!((comparison.int8_auroc, comparison.flips.len()), (record.int8_auroc, record.flipped));
    let listed: Value = serde_json::from_slice(&bytes(&comparison_path(model))?)?;
    assert_eq!(listed["flips"].as_array().unwrap().len(), record.flipped);
    let fused = FusedEngine::load(&package, NonZeroUsize::MIN)?;
    let structures = &fused.report().structures;
    let count = |name: &str| structures.iter().find(|kind| kind.name.contains(name)).map(|kind| kind.count);
    assert_eq!(count("dense"), Some(82), "{}", fused.report());
    assert_eq!(count("residual"), Some(17), "{}", fused.report());
    // Head and heat map are left to tract, and the report says so; no convolution is.
    let by_tract = &fused.report().by_tract;
    assert!(!by_tract.is_empty() && by_tract.iter().all(|kind| !kind.name.contains("Conv")), "{by_tract:?}");
    let tract = TractEngine::load(&package)?;
    for item in
        of_split(&shared.options.source.sources[0].folder, &shared.options.source.classes, Split::Test)?
    {
        let tensor = prepare(&read_file(&item.path)?, &shared.options.source.preprocessing)?;
        let (ours, theirs) = (fused.run(&tensor)?.probability(), tract.run(&tensor)?.probability());
        let difference = (ours.value() - theirs.value()).abs();
        assert!(difference < 0.02, "{}: {difference}", item.relative);
    }
    Ok(())
}

#[test]
fn a_fit_on_int8_backbones_is_exported_as_it_is() -> Result<()> {
    let mut own = shared().variant()?;
    own.options.source.feature_precision = FeaturePrecision::Int8;
    own.options.source.corruptions = 2;
    own.options.source.choose_on = ChooseOn::Corrupted;
    let record = own.run()?.record;
    let shift = record.domain_shift.as_ref().expect("changed images were scored");
    let validation = record.data.validation.iter().sum::<usize>();
    assert_eq!((shift.corruptions, shift.evaluation.confusion.total()), (2, 2 * validation as u64));
    assert_eq!(shift.kinds.iter().map(|kind| kind.images).sum::<usize>(), 2 * validation);

    let model = own.path("model.onnx");
    assert!(own.export_source().int8(&quantisation(HeadTrainedOn::Float), &model).is_err());
    let exported = own.export_source().int8(&quantisation(HeadTrainedOn::Int8), &model)?;
    assert_eq!(exported.comparison.map(|comparison| comparison.images), Some(validation));
    let file = PackageFile::read(&model)?;
    let contract = file.clone().verify()?.contract().clone();
    assert_eq!((contract.threshold, Some(contract.temperature)), (record.threshold, record.temperature));
    assert!(contract.threshold_rule.starts_with("youden on validation images and 2"), "{contract:?}");
    let graph = BackboneGraph::of(&PackageFile::read(&own.options.out.join("base.onnx"))?)?;
    assert_eq!(BackboneGraph::of(&file)?.fingerprint(), graph.fingerprint());
    // The device computes the scores that the threshold was chosen on, apart from the weights of the head, which the file
    // holds in int8.
    let screener = Screener::load(&model)?;
    for score in RunDir::new(&own.options.out).scores()? {
        let found =
            screener.screen(&own.options.source.sources[0].folder.join(&score.path))?.verdict.uncalibrated();
        assert!((found.value() - score.probability).abs() < 5e-3, "{score:?}: {found:?}");
    }
    // A file in another precision has figures of its own, at the threshold of the run.
    let float = own.export_source().float(Precision::Float32, &own.path("float.onnx"))?;
    let contract = PackageFile::read(&float)?.verify()?.contract().clone();
    let screener = Screener::load(&float)?;
    let calibration = ProbabilityCalibration::new(contract.temperature)?;
    let mut loss = Vec::new();
    for score in RunDir::new(&own.options.out).scores()? {
        let found =
            screener.screen(&own.options.source.sources[0].folder.join(&score.path))?.verdict.uncalibrated();
        let p = calibration.apply(found).value();
        loss.push(-(if score.label { p } else { 1.0 - p }).ln());
    }
    let mean = loss.iter().sum::<f64>() / loss.len() as f64;
    assert!((contract.validation["log_loss"] - mean).abs() < 1e-5, "{mean}, {:?}", contract.validation);
    assert!((mean - record.validation.log_loss).abs() > 1e-5);
    assert_eq!(contract.threshold, record.threshold);

    // The same again, from the cache only.
    let FitOutcome { record: again, cached, total } = own.run()?;
    assert_eq!(cached, total);
    assert_eq!(RunRecord { timings: record.timings, ..again }, record);
    Ok(())
}

#[test]
fn a_model_that_loses_more_than_the_budget_is_not_written() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let model = folder.path().join("lossy.onnx");
    // Not even a better model is within a budget below zero.
    let budget = Some(AccuracyBudget { auroc: -2.0, accuracy: -2.0 });
    let quantisation = QuantisationOptions { budget, ..quantisation(HeadTrainedOn::Float) };
    let error = shared().export_source().int8(&quantisation, &model).unwrap_err().to_string();
    assert!(error.contains("not written: AUROC falls by"), "{error}");
    assert!(!model.exists());
    Ok(())
}
