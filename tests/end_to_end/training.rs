//! What the trainer computes is what the exported file computes.

use anyhow::Result;
use host_trainer::architectures::BackboneKind;
use host_trainer::backbone_training::BackboneRecipe;
use host_trainer::cancel::{CancelToken, Cancelled};
use host_trainer::commands::fit::fit;
use host_trainer::data::augment::{Hardening, Preset};
use host_trainer::data::{Split, of_split};
use host_trainer::features::{Extractor, FeatureJob, View, Views};
use host_trainer::fine_tune::FineTune;
use host_trainer::pipeline::{BackboneSource, Event};
use host_trainer::run::{ChooseOn, RunDir, RunRecord};
use host_trainer::weights::WeightSet;
use xray_core::engine::{Engine, TractEngine};
use xray_core::package::{PackageFile, Precision};
use xray_core::preprocess::{Clahe, Intensity, prepare};
use xray_edge_tests::{FitOutcome, OwnFit, bytes, head_probability};
use xray_intake::read_file;

use crate::shared;

#[test]
fn the_device_computes_what_the_trainer_did() -> Result<()> {
    let mut own = shared().variant()?;
    // Grey levels are normalised as the contract of the model says.
    own.options.source.preprocessing.intensity = Intensity::Clahe(Clahe::default());
    own.run()?;
    let model = own.export_source().float(Precision::Float32, &own.path("float.onnx"))?;
    let package = PackageFile::read(&model)?.verify()?;
    let contract = package.contract().preprocessing.clone();
    assert_eq!(contract, own.options.source.preprocessing);
    let engine = TractEngine::load(&package)?;
    let (_, head) = RunDir::new(&own.options.out).read()?;

    let items = of_split(&own.options.source.sources[0].folder, &own.options.source.classes, Split::Test)?;
    let jobs: Vec<FeatureJob> = items.iter().map(|item| FeatureJob::new(item, View::Plain)).collect();
    let sets: Vec<WeightSet> = BackboneKind::DEFAULT_STACK.map(|kind| WeightSet::random(kind, 5)).into();
    let extractor =
        Extractor::new(&sets, &own.options.source.preprocessing, &own.device, &own.options.source.cache)?;
    let extraction = extractor.run(&jobs, |_| {})?;
    assert_eq!(items.len(), 8);
    for (item, features) in items.iter().zip(&extraction.features) {
        let features = features.as_deref().unwrap();
        let output = engine.run(&prepare(&read_file(&item.path)?, &contract)?)?;
        assert_eq!(output.features().len(), 1664 + 1280);
        for (ours, theirs) in output.features().iter().zip(features) {
            assert!((ours - theirs).abs() <= 1e-4 * theirs.abs().max(1.0), "{ours} against {theirs}");
        }
        let expected = head_probability(features, &head);
        let found = output.probability().value();
        assert!((found - expected).abs() < 1e-4, "{found} against {expected}");
    }
    Ok(())
}

#[test]
fn a_second_fit_computes_no_feature_and_gives_the_same_head() -> Result<()> {
    let own = OwnFit::new()?;
    let FitOutcome { record: first, cached, total } = own.run()?;
    assert_eq!(cached, 0);
    // 24 training phantoms of 12 patients: 2 patients (10%, at least one a class) go to validation.
    assert_eq!(total, 20 * 2 + 4);
    assert_eq!(first.data.train.iter().sum::<usize>(), 20);
    let head = bytes(&own.options.out.join("head.safetensors"))?;
    let model = bytes(&own.export_source().float(Precision::Int8Weights, &own.path("first.onnx"))?)?;

    let FitOutcome { record: second, cached, .. } = own.run()?;
    assert_eq!(cached, total);
    assert_eq!(bytes(&own.options.out.join("head.safetensors"))?, head);
    assert_eq!(bytes(&own.export_source().float(Precision::Int8Weights, &own.path("second.onnx"))?)?, model);
    assert_eq!(RunRecord { timings: first.timings, ..second }, first);
    Ok(())
}

#[test]
fn backbones_that_were_trained_are_in_the_exported_file() -> Result<()> {
    let mut own = shared().variant()?;
    let unfreeze = "mobilenet-v2:18..".parse()?;
    own.options.fine_tune = Some(FineTune { unfreeze, epochs: 1, learning_rate: 1e-3 });
    let record = own.run()?.record;
    assert_eq!(record.fine_tune_history.len(), 1);
    assert_ne!(
        record.backbones[1].fingerprint,
        WeightSet::random(BackboneKind::MobilenetV2, 5).fingerprint()
    );
    let model = own.export_source().float(Precision::Float32, &own.path("tuned.onnx"))?;
    let package = PackageFile::read(&model)?.verify()?;
    let engine = TractEngine::load(&package)?;
    let scores = RunDir::new(&own.options.out).scores()?;
    assert_eq!(scores.len(), 4);
    for score in scores {
        let image = read_file(&own.options.source.sources[0].folder.join(&score.path))?;
        let found = engine.run(&prepare(&image, &package.contract().preprocessing)?)?.probability().value();
        assert!((found - score.probability).abs() < 1e-4, "{found} against {}", score.probability);
    }
    Ok(())
}

/// A fit that trains MobileNetV2 before the head, in two passes over phantoms.
fn hardened() -> Result<OwnFit> {
    let mut own = shared().variant()?;
    let source = &mut own.options.source;
    source.backbones = BackboneSource::Random { kinds: vec![BackboneKind::MobilenetV2], seed: 5 };
    source.views = Views { hardening: Some(Hardening::default()), count: 1, ..Views::new(Preset::None) };
    source.choose_on = ChooseOn::Drawn;
    own.options.backbone_recipe =
        Some(BackboneRecipe { sizes: "2x64".parse()?, batch_size: 8, ..BackboneRecipe::default() });
    Ok(own)
}

#[test]
fn backbones_that_were_trained_before_the_head_are_in_the_exported_file() -> Result<()> {
    let own = hardened()?;
    let record = own.run()?.record;
    let training = record.backbone_training.as_ref().unwrap();
    assert_eq!(training.backbones[0].passes.len(), 2);
    assert_eq!(training.recipe, own.options.backbone_recipe.clone().unwrap());
    let before = WeightSet::random(BackboneKind::MobilenetV2, 5).fingerprint();
    assert_ne!(record.backbones[0].fingerprint, before);
    let model = own.export_source().float(Precision::Float32, &own.path("hardened.onnx"))?;
    let package = PackageFile::read(&model)?.verify()?;
    let engine = TractEngine::load(&package)?;
    let scores = RunDir::new(&own.options.out).scores()?;
    assert_eq!(scores.len(), 4);
    for score in scores {
        let image = read_file(&own.options.source.sources[0].folder.join(&score.path))?;
        let found = engine.run(&prepare(&image, &package.contract().preprocessing)?)?.probability().value();
        assert!((found - score.probability).abs() < 1e-4, "{found} against {}", score.probability);
    }
    Ok(())
}

#[test]
fn a_fit_that_was_stopped_while_a_backbone_was_trained_ends_with_the_same_weights() -> Result<()> {
    let whole = hardened()?;
    whole.run()?;
    let mut cut = hardened()?;
    let cancel = cut.options.cancel.clone();
    let stopped = fit(&cut.options, &cut.device, &mut |event| {
        if let Event::Epoch { .. } = event {
            cancel.cancel();
        }
    });
    assert!(stopped.unwrap_err().is::<Cancelled>());
    cut.options.cancel = CancelToken::default();
    cut.options.resume = true;
    let mut done_before = None;
    fit(&cut.options, &cut.device, &mut |event| {
        if let Event::TrainingBegins { finished, .. } = event {
            done_before.get_or_insert(finished.len());
        }
    })?;
    assert_eq!(done_before, Some(1));
    for file in ["fine-tuned/mobilenet-v2.safetensors", "head.safetensors"] {
        let [of_whole, of_cut] = [&whole, &cut].map(|own| bytes(&own.options.out.join(file)));
        assert!(of_whole? == of_cut?, "{file} differs");
    }
    assert!(!cut.options.out.join("mobilenet-v2-checkpoint.cbor").exists());
    Ok(())
}
