//! What a fit reports, refuses and records.

use anyhow::Result;
use host_trainer::architectures::BackboneKind;
use host_trainer::backbone_training::BackboneRecipe;
use host_trainer::commands::fit::fit;
use host_trainer::data::augment::Preset;
use host_trainer::data::leaks::LeakCounts;
use host_trainer::data::{Split, of_split};
use host_trainer::evaluation::ThresholdRule;
use host_trainer::features::Views;
use host_trainer::fine_tune::{FineTune, Unfreeze};
use host_trainer::pipeline::{BackboneSource, Event};
use host_trainer::run::{ChooseOn, RunDir};
use xray_core::package::{PackageFile, Precision};
use xray_edge_tests::OwnFit;

use crate::shared;

#[test]
fn an_unreadable_training_image_is_named_and_the_fit_goes_on() -> Result<()> {
    let own = shared().variant_with_own_images()?;
    std::fs::write(own.options.source.sources[0].folder.join("train/NORMAL/IM-9999-0001.jpeg"), "text")?;
    let mut warnings = Vec::new();
    let record = fit(&own.options, &own.device, &mut |event| {
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
    let with = &shared().record;
    let mut own = shared().variant()?;
    own.options.source.views = Views::new(Preset::None);
    let without = own.run()?.record;
    assert_eq!(without.without_mirror, None);
    assert!(with.without_mirror == Some(without.validation), "{:?}", with.without_mirror);
    assert!(with.without_mirror != Some(with.validation.clone()));
    Ok(())
}

#[test]
fn a_set_with_an_image_on_two_sides_is_warned_of_and_refused_if_strict() -> Result<()> {
    let mut own = shared().variant_with_own_images()?;
    let trained = of_split(&own.options.source.sources[0].folder, &own.options.source.classes, Split::Train)?;
    std::fs::copy(&trained[0].path, own.test_images().join("NORMAL/copy.png"))?;
    own.options.strict = true;
    let error = fit(&own.options, &own.device, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("1 pair(s) of near-duplicate images"), "{error}");
    assert!(!RunDir::new(&own.options.out).is_finished());

    own.options.strict = false;
    let mut warnings = Vec::new();
    let record = fit(&own.options, &own.device, &mut |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.to_owned());
        }
    })?;
    // The copy's name tells no patient.
    assert!(warnings[0].ends_with("test/NORMAL/copy.png"), "{warnings:?}");
    assert_eq!(warnings[1..], [error]);
    assert_eq!(record.data.leaks, LeakCounts { pairs: 1, patients: 0 });
    Ok(())
}

#[test]
fn what_cannot_be_done_is_told_before_anything_is_computed() -> Result<()> {
    let mut own = shared().variant()?;
    let refused = |own: &OwnFit| {
        let mut events = 0;
        let error = fit(&own.options, &own.device, &mut |_| events += 1).unwrap_err().to_string();
        assert_eq!(events, 0, "{error}");
        error
    };
    own.options.fine_tune = Some(FineTune { unfreeze: Unfreeze::All, epochs: 0, learning_rate: 1e-5 });
    assert!(refused(&own).contains("--fine-tune-epochs 1"));
    own.options.fine_tune =
        Some(FineTune { unfreeze: "densenet121".parse()?, epochs: 1, learning_rate: 1e-5 });
    assert!(refused(&own).contains("densenet121 is not in the stacked model"));
    own.options.fine_tune = None;
    own.options.backbone_recipe = Some(BackboneRecipe { clip: 0.0, ..BackboneRecipe::default() });
    assert!(refused(&own).contains("`--clip` 0 is not above 0"));
    own.options.backbone_recipe = Some(BackboneRecipe::default());
    own.options.shards = Some("shards".to_owned());
    assert!(refused(&own).contains("leave --shards or --recipe hardened out"));
    own.options.shards = None;
    let random = own.options.source.backbones.clone();
    own.options.source.backbones = BackboneSource::Base { model: own.path("none.onnx") };
    assert!(refused(&own).contains("leave --unfreeze out"));
    let store = RunDir::new(&own.options.out).fine_tuned();
    own.options.source.backbones =
        BackboneSource::Stored { kinds: BackboneKind::DEFAULT_STACK.to_vec(), store };
    assert!(refused(&own).contains("choose another --out"));
    (own.options.source.backbones, own.options.backbone_recipe) = (random, None);
    own.options.training.learning_rate = -1e-4;
    assert!(refused(&own).contains("`--learning-rate` -0.0001 is not above 0"));
    Ok(())
}

#[test]
fn a_threshold_that_was_given_by_hand_was_chosen_on_nothing() -> Result<()> {
    let mut own = shared().variant()?;
    (own.options.source.corruptions, own.options.source.choose_on) = (1, ChooseOn::Corrupted);
    own.options.decision.threshold = ThresholdRule::Fixed(0.4);
    own.run()?;
    let model = own.export_source().float(Precision::Int8Weights, &own.path("model.onnx"))?;
    let package = PackageFile::read(&model)?.verify()?;
    let contract = package.contract();
    assert_eq!((contract.threshold, contract.threshold_rule.as_str()), (0.4, ThresholdRule::FIXED));
    Ok(())
}
