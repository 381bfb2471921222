//! Fit, export, evaluate and screen, each with the code that the programs run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use edge_runtime::cli::source::ModelSource;
use edge_runtime::cli::{Outcome, screen};
use edge_runtime::outputs::lights::Dark;
use host_trainer::architectures::BackboneKind;
use host_trainer::data::ood::OodPicture;
use host_trainer::data::{DataSet, Split, WrongOrientation, of_split};
use host_trainer::export::BackboneGraph;
use host_trainer::features::{Extractor, FeatureJob, View};
use host_trainer::fine_tune::FineTune;
use host_trainer::head::{BatchNorm, Dense, HeadWeights};
use host_trainer::pipeline::{
    self, BackboneSource, Budget, ExportOptions, FeaturePrecision, QualityGateChoice, HeadTrainedOn, ImageSet, Quantisation,
};
use host_trainer::run::{ChooseOn, RunDir, RunRecord};
use host_trainer::weights::WeightSet;
use serde_json::Value;
use xray_core::decision::Calibration;
use xray_core::engine::{self, Engine, EngineChoice, FusedEngine, TractEngine};
use xray_core::gate::Reason;
use xray_core::intake::read_file;
use xray_core::package::{PackageFile, PackageProblem, Precision};
use xray_core::preprocess::{Clahe, Intensity, prepare};
use xray_core::screening::{Format, Screener};
use xray_edge_tests::{World, bytes, export, export_int8, fit, job};

fn screened(model: &Path, paths: &[std::path::PathBuf]) -> Result<(Vec<Value>, Outcome)> {
    let mut rows = Vec::new();
    let outcome = screen::run(
        (&ModelSource::File(model.to_owned()), EngineChoice::Auto.into()),
        (paths, false),
        (Format::JsonLines, None),
        (&Dark, Duration::ZERO),
        &mut rows,
        &mut Vec::new(),
    )?;
    let rows = String::from_utf8(rows)?;
    Ok((rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?, outcome))
}

fn norm(x: &[f64], norm: &BatchNorm) -> Vec<f64> {
    let scaled = |(i, x): (usize, &f64)| {
        let deviation = (f64::from(norm.variance[i]) + f64::from(norm.epsilon)).sqrt();
        (x - f64::from(norm.mean[i])) / deviation * f64::from(norm.gamma[i]) + f64::from(norm.beta[i])
    };
    x.iter().enumerate().map(scaled).collect()
}

fn dense(x: &[f64], dense: &Dense) -> Vec<f64> {
    let row = |(weights, bias): (&[f32], &f32)| {
        weights.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias)
    };
    dense.weight.data.chunks_exact(x.len()).zip(&dense.bias).map(row).collect()
}

/// The head by the book, in double precision: the answer that the exported file is held against.
fn probability(features: &[f32], head: &HeadWeights) -> f64 {
    let relu = |x: Vec<f64>| x.into_iter().map(|x| x.max(0.0)).collect::<Vec<_>>();
    let x: Vec<f64> = features.iter().map(|x| f64::from(*x)).collect();
    let x = relu(dense(&norm(&x, &head.norm1), &head.dense1));
    let x = relu(dense(&norm(&x, &head.norm2), &head.dense2));
    1.0 / (1.0 + (-dense(&x, &head.dense3)[0]).exp())
}

#[test]
fn the_device_computes_what_the_trainer_did() -> Result<()> {
    let mut world = World::new()?;
    // Grey levels are normalised by what the model says of itself.
    world.options.source.preprocessing.intensity = Intensity::Clahe(Clahe::default());
    fit(&world)?;
    let model = export(&world, Precision::Float32, "float.onnx")?;
    let package = PackageFile::read(&model)?.verify()?;
    let contract = package.contract().preprocessing.clone();
    assert_eq!(contract, world.options.source.preprocessing);
    let engine = TractEngine::load(&package)?;
    let (_, head) = RunDir::new(&world.options.out).read()?;

    let items = of_split(&world.options.source.data, &world.options.source.classes, Split::Test)?;
    let jobs: Vec<FeatureJob> = items
        .iter()
        .map(|item| FeatureJob { path: item.path.clone(), sha256: item.sha256.clone(), view: View::Plain })
        .collect();
    let sets: Vec<WeightSet> = BackboneKind::DEFAULT_STACK.map(|kind| WeightSet::random(kind, 5)).into();
    let extractor = Extractor::new(
        &sets,
        &world.options.source.preprocessing,
        &world.device,
        &world.options.source.cache,
    )?;
    let extraction = extractor.run(&jobs, |_| {})?;
    assert_eq!(items.len(), 8);
    for (item, features) in items.iter().zip(&extraction.features) {
        let features = features.as_deref().unwrap();
        let output = engine.run(&prepare(&read_file(&item.path)?, &contract)?)?;
        assert_eq!(output.features().len(), 1664 + 1280);
        for (ours, theirs) in output.features().iter().zip(features) {
            assert!((ours - theirs).abs() <= 1e-4 * theirs.abs().max(1.0), "{ours} against {theirs}");
        }
        let expected = probability(features, &head);
        let found = output.probability().value();
        assert!((found - expected).abs() < 1e-4, "{found} against {expected}");
    }
    Ok(())
}

#[test]
fn a_second_fit_computes_no_feature_and_gives_the_same_head() -> Result<()> {
    let world = World::new()?;
    let (first, cached, total) = fit(&world)?;
    assert_eq!(cached, 0);
    // 24 training phantoms of 12 patients: 2 patients (10%, at least one a class) go to validation.
    assert_eq!(total, 20 * 2 + 4);
    assert_eq!(first.data.train.iter().sum::<usize>(), 20);
    let head = bytes(&world.options.out.join("head.safetensors"))?;
    let model = bytes(&export(&world, Precision::Int8Weights, "first.onnx")?)?;

    let (second, cached, _) = fit(&world)?;
    assert_eq!(cached, total);
    assert_eq!(bytes(&world.options.out.join("head.safetensors"))?, head);
    assert_eq!(bytes(&export(&world, Precision::Int8Weights, "second.onnx")?)?, model);
    assert_eq!(RunRecord { timings: first.timings, ..second }, first);
    Ok(())
}

#[test]
fn what_the_trainer_exports_the_device_screens() -> Result<()> {
    let world = World::new()?;
    let (record, ..) = fit(&world)?;
    let model = export(&world, Precision::Int8Weights, "model.onnx")?;
    let contract = PackageFile::read(&model)?.verify()?.contract().clone();
    // Random backbones know no X-rays: no gate where none was asked for.
    assert_eq!(contract.gate, None);
    assert_eq!(contract.threshold, record.threshold);
    assert_eq!(contract.training.data_fingerprint, record.data.fingerprint);
    assert!(contract.backbones.iter().all(|backbone| backbone.weights == "random (seed 5)"));

    std::fs::write(world.test_images().join("NORMAL/not-an-image.jpeg"), "text")?;
    let (rows, outcome) = screened(&model, &[world.test_images()])?;
    assert_eq!((rows.len(), outcome), (9, Outcome::Incomplete));
    let unread: Vec<_> = rows.iter().filter(|row| row["verdict"] == "no-result").collect();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0]["reason"], "unknown-format");
    assert!(unread[0].get("probability").is_none());
    for row in rows.iter().filter(|row| row["verdict"] != "no-result") {
        let suspected = row["probability"].as_f64().unwrap() >= record.threshold;
        assert_eq!(row["verdict"], if suspected { "pneumonia-suspected" } else { "no-sign" });
    }

    // The trainer's own evaluation counts what the device says.
    let mut set = ImageSet {
        data: world.options.source.data.clone(),
        classes: None,
        split: Split::Test,
        splits: None,
    };
    let evaluation = pipeline::evaluate(&model, &set, &mut |_| {})?;
    assert!(evaluation.random_backbones);
    assert_eq!(evaluation.left_out.len(), 1);
    let suspected = rows.iter().filter(|row| row["verdict"] == "pneumonia-suspected").count() as u64;
    let counts = evaluation.evaluation.confusion;
    assert_eq!(counts.tp + counts.fp, suspected);

    // A splits file has the last word: what it calls a training image is not judged.
    let divided = DataSet::load(&set.data, &world.options.source.classes, None, 5)?;
    let moved = evaluation.images[0].relative.clone();
    let mut rows = format!("path,role,patient\n{moved},train,moved\n");
    for (role, items) in [("train", &divided.train), ("val", &divided.validation)] {
        items.iter().for_each(|item| rows += &format!("{},{role},{}\n", item.relative, item.patient));
    }
    let splits = world.path("splits.csv");
    std::fs::write(&splits, rows)?;
    set.splits = Some(splits);
    let rest = pipeline::evaluate(&model, &set, &mut |_| {})?;
    assert_eq!(rest.images.len() + 1, evaluation.images.len());
    assert!(rest.images.iter().all(|image| image.relative != moved));
    Ok(())
}

#[test]
fn the_integer_engine_agrees_with_tract() -> Result<()> {
    let world = World::new()?;
    fit(&world)?;
    let model = world.path("integer.onnx");
    let exported = export_int8(&world, HeadTrainedOn::Float, None, &model)?;

    let package = PackageFile::read(&model)?.verify()?;
    assert_eq!(package.contract().precision, Precision::Int8);
    let (comparison, record) =
        (exported.comparison.unwrap(), package.contract().quantisation.clone().unwrap());
    assert_eq!((record.head_on.as_str(), record.calibration_images, record.compared_images), ("float", 8, 4));
    assert_eq!((comparison.int8_auroc, comparison.flips.len()), (record.int8_auroc, record.flipped));
    let listed: Value = serde_json::from_slice(&bytes(&pipeline::comparison_path(&model))?)?;
    assert_eq!(listed["flips"].as_array().unwrap().len(), record.flipped);
    let fused = FusedEngine::load(&package, NonZeroUsize::MIN)?;
    let structures = &fused.report().structures;
    let count = |name: &str| structures.iter().find(|kind| kind.name.contains(name)).map(|kind| kind.count);
    assert_eq!(count("dense"), Some(82), "{}", fused.report());
    assert_eq!(count("residual"), Some(17), "{}", fused.report());
    // The head and the heat map are left to tract, and told; no convolution is.
    let by_tract = &fused.report().by_tract;
    assert!(!by_tract.is_empty() && by_tract.iter().all(|kind| !kind.name.contains("Conv")), "{by_tract:?}");
    let tract = TractEngine::load(&package)?;
    for item in of_split(&world.options.source.data, &world.options.source.classes, Split::Test)? {
        let tensor = prepare(&read_file(&item.path)?, &world.options.source.preprocessing)?;
        let (ours, theirs) = (fused.run(&tensor)?.probability(), tract.run(&tensor)?.probability());
        let difference = (ours.value() - theirs.value()).abs();
        assert!(difference < 0.02, "{}: {difference}", item.relative);
    }
    Ok(())
}

#[test]
fn backbones_that_were_trained_are_in_the_exported_file() -> Result<()> {
    let mut world = World::new()?;
    let unfreeze = "mobilenet-v2:18..".parse()?;
    world.options.fine_tune = Some(FineTune { unfreeze, epochs: 1, learning_rate: 1e-3 });
    let (record, ..) = fit(&world)?;
    assert_eq!(record.fine_tune_history.len(), 1);
    assert_ne!(
        record.backbones[1].fingerprint,
        WeightSet::random(BackboneKind::MobilenetV2, 5).fingerprint()
    );
    let package = PackageFile::read(&export(&world, Precision::Float32, "tuned.onnx")?)?.verify()?;
    let engine = TractEngine::load(&package)?;
    let scores = RunDir::new(&world.options.out).scores()?;
    assert_eq!(scores.len(), 4);
    for score in scores {
        let image = read_file(&world.options.source.data.join(&score.path))?;
        let found = engine.run(&prepare(&image, &package.contract().preprocessing)?)?.probability().value();
        assert!((found - score.probability).abs() < 1e-4, "{found} against {}", score.probability);
    }
    Ok(())
}

#[test]
fn a_fit_on_int8_backbones_is_exported_as_it_is() -> Result<()> {
    let mut world = World::new()?;
    world.options.source.by = FeaturePrecision::Int8;
    world.options.source.corruptions = 2;
    world.options.source.choose_on = ChooseOn::Corrupted;
    let (record, _, _) = fit(&world)?;
    let shift = record.shift.as_ref().expect("changed images were looked at");
    let validation = record.data.validation.iter().sum::<usize>();
    assert_eq!((shift.corruptions, shift.evaluation.confusion.total()), (2, 2 * validation as u64));
    assert_eq!(shift.kinds.iter().map(|kind| kind.images).sum::<usize>(), 2 * validation);

    let model = world.path("model.onnx");
    assert!(export_int8(&world, HeadTrainedOn::Float, None, &model).is_err());
    let exported = export_int8(&world, HeadTrainedOn::Int8, None, &model)?;
    assert_eq!(exported.comparison.map(|comparison| comparison.images), Some(validation));
    let file = PackageFile::read(&model)?;
    let contract = file.clone().verify()?.contract().clone();
    assert_eq!((contract.threshold, Some(contract.temperature)), (record.threshold, record.temperature));
    assert!(contract.threshold_rule.starts_with("youden on validation images and 2"), "{contract:?}");
    let body = BackboneGraph::of(&PackageFile::read(&world.options.out.join("base.onnx"))?)?;
    assert_eq!(BackboneGraph::of(&file)?.fingerprint(), body.fingerprint());
    // The device's scores are those that the threshold was chosen on, but for the head's weights, which the file holds
    // in int8.
    let screener = Screener::load(&model)?;
    for score in RunDir::new(&world.options.out).scores()? {
        let found = screener.screen(&world.options.source.data.join(&score.path))?.verdict.uncalibrated();
        assert!((found.value() - score.probability).abs() < 5e-3, "{score:?}: {found:?}");
    }
    // The figures of a file with other arithmetic are its own, at the threshold of the run.
    let float = export(&world, Precision::Float32, "float.onnx")?;
    let contract = PackageFile::read(&float)?.verify()?.contract().clone();
    let screener = Screener::load(&float)?;
    let calibration = Calibration::new(contract.temperature)?;
    let mut loss = Vec::new();
    for score in RunDir::new(&world.options.out).scores()? {
        let found = screener.screen(&world.options.source.data.join(&score.path))?.verdict.uncalibrated();
        let p = calibration.apply(found).value();
        loss.push(-(if score.label { p } else { 1.0 - p }).ln());
    }
    let mean = loss.iter().sum::<f64>() / loss.len() as f64;
    assert!((contract.validation["log_loss"] - mean).abs() < 1e-5, "{mean}, {:?}", contract.validation);
    assert!((mean - record.validation.log_loss).abs() > 1e-5);
    assert_eq!(contract.threshold, record.threshold);

    // The same again, from the cache alone.
    let (again, cached, total) = fit(&world)?;
    assert_eq!(cached, total);
    assert_eq!(RunRecord { timings: record.timings, ..again }, record);
    Ok(())
}

#[test]
fn a_new_head_on_a_base_keeps_its_backbones_bit_for_bit() -> Result<()> {
    let mut world = World::new()?;
    fit(&world)?;
    let base = world.path("base.onnx");
    export_int8(&world, HeadTrainedOn::Int8, None, &base)?;
    let first = PackageFile::read(&base)?;

    world.options.source.backbones = BackboneSource::Base { model: base.clone() };
    world.options.out = world.path("clinic");
    world.options.training.learning_rate = 2e-3;
    let (record, cached, total) = fit(&world)?;
    // The export trained its head on the same features.
    assert_eq!(cached, total);
    assert_eq!(record.base.as_ref().map(|base| base.sha256.as_str()), Some(first.sha256()));
    assert!(record.has_random_backbones());
    // The run holds a copy: the base may go.
    std::fs::remove_file(&base)?;
    let second = PackageFile::read(&export(&world, Precision::Int8, "clinic.onnx")?)?;
    assert_eq!(BackboneGraph::of(&second)?.fingerprint(), BackboneGraph::of(&first)?.fingerprint());
    assert_ne!(second.sha256(), first.sha256());
    // What quantising the base cost was measured with its own head.
    assert!(first.clone().verify()?.contract().quantisation.is_some());
    assert!(second.clone().verify()?.contract().quantisation.is_none());

    // The head of the second run judges the features of the first's backbones.
    let (_, head) = RunDir::new(&world.options.out).read()?;
    let (first, second) = (first.verify()?, second.verify()?);
    assert_eq!(second.contract().precision, Precision::Int8);
    let (old, new) =
        (FusedEngine::load(&first, NonZeroUsize::MIN)?, FusedEngine::load(&second, NonZeroUsize::MIN)?);
    for item in of_split(&world.options.source.data, &world.options.source.classes, Split::Test)? {
        let tensor = prepare(&read_file(&item.path)?, &world.options.source.preprocessing)?;
        let (old, new) = (old.run(&tensor)?, new.run(&tensor)?);
        assert_eq!(old.features(), new.features());
        // Its weights are int8 in the file.
        let expected = probability(new.features(), &head);
        assert!((new.probability().value() - expected).abs() < 0.02, "{new:?} against {expected}");
    }
    Ok(())
}

#[test]
fn a_picture_that_the_gate_refuses_has_no_score_anywhere() -> Result<()> {
    let mut world = World::new()?;
    fit(&world)?;
    let how = Quantisation { images: 8, head_on: HeadTrainedOn::Float, budget: None };
    let model = world.path("gated.onnx");
    let asked = ExportOptions { gate: QualityGateChoice::Images(20), ..job(&world, &model) };
    pipeline::export_quantised_run(&asked, &how, &world.device, &mut |_| {})?;
    let contract = PackageFile::read(&model)?.verify()?.contract().clone();
    let gate = contract.gate.unwrap();
    assert_eq!((gate.fit.fitted_on, gate.fit.validation), (80, 16));

    // Limits that were drawn on four phantoms are narrow, and random backbones tell little of how they lie: most are
    // judged rightly, not all. What is refused has a reason and no score.
    let upright = of_split(&world.options.source.data, &world.options.source.classes, Split::Test)?;
    let mut wrong = Vec::new();
    for (item, turn) in upright.iter().zip(WrongOrientation::ALL.into_iter().cycle()) {
        wrong.push((turn.name(), turn.apply(&read_file(&item.path)?)));
    }
    wrong.push(("grain", OodPicture::Grain.draw(224, 9, 0)?));
    wrong.push(("page", OodPicture::Page.draw(224, 9, 0)?));
    let folder = world.path("wrong");
    std::fs::create_dir(&folder)?;
    for (at, (name, picture)) in wrong.iter().enumerate() {
        let mut bytes = format!("P5 {} {} 255\n", picture.width(), picture.height()).into_bytes();
        bytes.extend_from_slice(&picture.pixels().grey());
        std::fs::write(folder.join(format!("{at:02}-{name}.pgm")), bytes)?;
    }
    let (rows, _) = screened(&model, &[world.test_images()])?;
    let judged = rows.iter().filter(|row| row["verdict"] != "no-result").count();
    assert!(judged > rows.len() / 2, "{judged} of 8: {rows:?}");
    let (rows, outcome) = screened(&model, &[folder])?;
    assert_eq!((rows.len(), outcome), (10, Outcome::Incomplete));
    let refused: Vec<_> = rows.iter().filter(|row| row["verdict"] == "no-result").collect();
    assert!(refused.len() >= 5, "{} of 10: {rows:?}", refused.len());
    for row in refused {
        let text = row.to_string();
        let reasons: Vec<_> =
            row["reasons"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        assert!(
            !reasons.is_empty() && reasons.iter().all(|code| Reason::from_code(code).is_some()),
            "{text}"
        );
        assert!(row.get("probability").is_none(), "{text}");
    }

    // A head of a clinic's own, from images too few for a gate: that of the base stays.
    world.options.source.backbones = BackboneSource::Base { model };
    world.options.out = world.path("clinic");
    fit(&world)?;
    let clinic = PackageFile::read(&export(&world, Precision::Int8, "clinic.onnx")?)?.verify()?;
    assert_eq!(clinic.contract().gate, Some(gate));
    Ok(())
}

#[test]
fn a_model_that_loses_more_than_the_budget_is_not_written() -> Result<()> {
    let world = World::new()?;
    fit(&world)?;
    let model = world.path("lossy.onnx");
    // Not even a better model is within a budget below zero.
    let budget = Budget { auroc: -2.0, accuracy: -2.0 };
    let error = export_int8(&world, HeadTrainedOn::Float, Some(budget), &model).unwrap_err().to_string();
    assert!(error.contains("not written: AUROC falls by"), "{error}");
    assert!(!model.exists());
    Ok(())
}

#[test]
fn an_engine_that_gives_another_answer_is_not_used_and_that_is_said() -> Result<()> {
    let world = World::new()?;
    fit(&world)?;
    let model = world.path("model.onnx");
    export_int8(&world, HeadTrainedOn::Float, None, &model)?;
    let package = PackageFile::read(&model)?;
    let loaded = engine::load(&package.clone().verify()?, EngineChoice::Auto)?;
    assert_eq!((loaded.engine.name(), loaded.warnings.len()), ("fused", 0));

    let mut contract = package.clone().verify()?.contract().clone();
    contract.known_answer.as_mut().unwrap().features[7] += 100.0;
    let (_, head) = RunDir::new(&world.options.out).read()?;
    let other = PackageFile::from_bytes(&model, BackboneGraph::of(&package)?.with_head(&head, &contract)?).verify()?;
    let loaded = engine::load(&other, EngineChoice::Auto)?;
    assert_eq!(loaded.engine.name(), "tract");
    assert!(loaded.warnings[0].contains("test pattern is off by"), "{:?}", loaded.warnings);
    Ok(())
}

#[test]
fn a_damaged_model_is_refused() -> Result<()> {
    let world = World::new()?;
    fit(&world)?;
    let model = export(&world, Precision::Int8Weights, "model.onnx")?;
    let mut half = bytes(&model)?;
    half.truncate(half.len() / 2);
    let problem = PackageFile::from_bytes(&model, half).verify().unwrap_err().problem;
    assert!(matches!(problem, PackageProblem::NotOnnx { .. }), "{problem:?}");
    Ok(())
}
