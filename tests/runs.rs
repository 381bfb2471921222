//! What a run holds, what it leaves out, and what becomes of it when its files or images are not what they were.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use anyhow::Result;
use host_trainer::architectures::BackboneKind;
use host_trainer::data::augment::Preset;
use host_trainer::data::leaks::LeakCounts;
use host_trainer::data::{DataSet, Split, of_split};
use host_trainer::features::Views;
use host_trainer::fine_tune::{FineTune, Unfreeze};
use host_trainer::pipeline::{
    self, BackboneSource, Event, ExportOptions, HeadTrainedOn, Quantisation, RunImages, ThresholdRule,
};
use host_trainer::run::{ChooseOn, RunDir};
use xray_core::package::{PackageFile, Precision};
use xray_edge_tests::{World, export, fit, job};

#[test]
fn an_unreadable_training_image_is_named_and_the_fit_goes_on() -> Result<()> {
    let world = World::new()?;
    std::fs::write(world.options.source.data.join("train/NORMAL/IM-9999-0001.jpeg"), "text")?;
    let mut warnings = Vec::new();
    let record = pipeline::fit(&world.options, &world.device, &mut |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.to_owned());
        }
    })?;
    assert_eq!(record.data.left_out.len(), 1);
    assert!(warnings[0].contains("IM-9999-0001.jpeg"), "{warnings:?}");
    Ok(())
}

#[test]
fn a_fit_with_mirror_images_says_how_it_is_without_them() -> Result<()> {
    let mut world = World::new()?;
    let (with, ..) = fit(&world)?;
    world.options.source.views = Views::new(Preset::None);
    let (without, ..) = fit(&world)?;
    assert_eq!(without.without_mirror, None);
    assert!(with.without_mirror == Some(without.validation), "{:?}", with.without_mirror);
    assert!(with.without_mirror != Some(with.validation));
    Ok(())
}

#[test]
fn a_record_of_another_schema_is_refused_whatever_else_it_holds() -> Result<()> {
    let world = World::new()?;
    fit(&world)?;
    let path = world.options.out.join("run.json");
    std::fs::write(&path, r#"{"schema": 2, "shift": "of another form"}"#)?;
    let error = RunDir::new(&world.options.out).read().unwrap_err().to_string();
    assert!(error.contains("run.json") && error.contains("it has schema 2, this program reads 3"), "{error}");
    Ok(())
}

#[test]
fn a_set_with_an_image_on_two_sides_is_warned_of_and_refused_if_strict() -> Result<()> {
    let mut world = World::new()?;
    let trained = of_split(&world.options.source.data, &world.options.source.classes, Split::Train)?;
    std::fs::copy(&trained[0].path, world.test_images().join("NORMAL/copy.png"))?;
    world.options.strict = true;
    let error = pipeline::fit(&world.options, &world.device, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("1 pair(s) of near-duplicate images"), "{error}");
    assert!(!RunDir::new(&world.options.out).is_finished());

    world.options.strict = false;
    let mut warnings = Vec::new();
    let record = pipeline::fit(&world.options, &world.device, &mut |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.to_owned());
        }
    })?;
    assert_eq!(warnings, [error]);
    assert_eq!(record.data.leaks, LeakCounts { pairs: 1, patients: 0 });
    Ok(())
}

#[test]
fn images_that_lie_elsewhere_at_the_export_are_the_same_images() -> Result<()> {
    let world = World::new()?;
    let source = &world.options.source;
    let seed = world.options.training.seed;
    // A validation image that cannot be read: it is left out by its place in the folder, wherever that is.
    let set = DataSet::load(&source.data, &source.classes, None, seed)?;
    std::fs::write(&set.validation[0].path, "text")?;
    let set = DataSet::load(&source.data, &source.classes, None, seed)?;
    let (record, ..) = fit(&world)?;
    let left_out: Vec<&String> = record.data.left_out.keys().collect();
    let broken = set.train.iter().chain(&set.validation).find(|item| *item.relative == **left_out[0]);
    assert_eq!((left_out.len(), std::fs::read(&broken.unwrap().path)?), (1, b"text".to_vec()));

    let moved = world.path("moved");
    std::fs::rename(&source.data, &moved)?;
    let how = Quantisation { images: 8, head_on: HeadTrainedOn::Float, budget: None };
    let model = world.path("model.onnx");
    let asked = ExportOptions { images: RunImages { data: moved, splits: None }, ..job(&world, &model) };
    let exported = pipeline::export_quantised_run(&asked, &how, &world.device, &mut |_| {})?;
    let scored = record.data.validation.iter().sum::<usize>();
    assert_eq!(exported.comparison.map(|comparison| comparison.images), Some(scored));
    Ok(())
}

#[test]
fn a_record_is_not_read_with_the_head_of_another_run() -> Result<()> {
    let mut world = World::new()?;
    fit(&world)?;
    let head = world.options.out.join("head.safetensors");
    let first = std::fs::read(&head)?;
    world.options.training.seed = 6;
    fit(&world)?;
    RunDir::new(&world.options.out).read()?;
    std::fs::write(&head, first)?;
    let error = RunDir::new(&world.options.out).read().unwrap_err().to_string();
    assert!(error.contains("the head beside it is that of another run"), "{error}");
    Ok(())
}

#[test]
fn an_earlier_run_stays_whole_until_the_new_one_is_finished() -> Result<()> {
    let mut world = World::new()?;
    fit(&world)?;
    let before = files(&world.options.out)?;
    world.options.training.seed = 6;
    let (stop, mut epochs) = (world.options.stop.clone(), 0);
    let error = pipeline::fit(&world.options, &world.device, &mut |event| {
        if let Event::Epoch { .. } = event {
            epochs += 1;
            stop.ask();
        }
    });
    assert!(error.is_err() && epochs == 1);
    let now = files(&world.options.out)?;
    assert!(before.iter().all(|file| now.contains(file)));
    RunDir::new(&world.options.out).read()?;
    Ok(())
}

#[test]
fn what_an_earlier_run_left_in_the_folder_goes() -> Result<()> {
    let mut world = World::new()?;
    std::fs::create_dir_all(world.options.out.join("fine-tuned"))?;
    for name in ["base.onnx", "fine-tune-metrics.csv", "fine-tuned/densenet169.safetensors"] {
        std::fs::write(world.options.out.join(name), "of an earlier run")?;
    }
    world.options.training.epochs = 1;
    fit(&world)?;
    let now: Vec<PathBuf> = files(&world.options.out)?.into_iter().map(|(path, _)| path).collect();
    assert!(now.iter().all(|path| !path.ends_with("base.onnx") && !path.ends_with("fine-tune-metrics.csv")));
    assert!(!world.options.out.join("fine-tuned").exists());
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        all.push((path.clone(), std::fs::read(path)?));
    }
    Ok(all)
}

#[test]
fn what_cannot_be_done_is_told_before_anything_is_computed() -> Result<()> {
    let mut world = World::new()?;
    let refused = |world: &World| {
        let mut told = 0;
        let error = pipeline::fit(&world.options, &world.device, &mut |_| told += 1).unwrap_err().to_string();
        assert_eq!(told, 0, "{error}");
        error
    };
    world.options.fine_tune = Some(FineTune { unfreeze: Unfreeze::All, epochs: 0, learning_rate: 1e-5 });
    assert!(refused(&world).contains("--fine-tune-epochs 1"));
    world.options.fine_tune =
        Some(FineTune { unfreeze: "densenet121".parse()?, epochs: 1, learning_rate: 1e-5 });
    assert!(refused(&world).contains("densenet121 is not in the stack"));
    let random = world.options.source.backbones.clone();
    world.options.source.backbones = BackboneSource::Base { model: world.path("none.onnx") };
    assert!(refused(&world).contains("leave --unfreeze out"));
    let store = RunDir::new(&world.options.out).fine_tuned();
    world.options.source.backbones =
        BackboneSource::Stored { kinds: BackboneKind::DEFAULT_STACK.to_vec(), store };
    assert!(refused(&world).contains("choose another --out"));
    (world.options.source.backbones, world.options.fine_tune) = (random, None);
    world.options.training.learning_rate = -1e-4;
    assert!(refused(&world).contains("`--learning-rate` -0.0001 is not above 0"));
    Ok(())
}

#[test]
fn a_threshold_that_was_given_by_hand_was_chosen_on_nothing() -> Result<()> {
    let mut world = World::new()?;
    (world.options.source.corruptions, world.options.source.choose_on) = (1, ChooseOn::Corrupted);
    world.options.decision.threshold = ThresholdRule::Fixed(0.4);
    fit(&world)?;
    let package = PackageFile::read(&export(&world, Precision::Int8Weights, "model.onnx")?)?.verify()?;
    let contract = package.contract();
    assert_eq!((contract.threshold, contract.threshold_rule.as_str()), (0.4, ThresholdRule::FIXED));
    Ok(())
}
