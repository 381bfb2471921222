//! Backbones against torchvision's answers (scripts/oracle/backbones.py).
// Helpers here are test code too, which clippy only sees in functions marked as tests.
use std::collections::BTreeMap;

use crate::backbone_fixture::*;
use burn::tensor::{Device, Tensor};
use host_trainer::architectures::BackboneKind;
use host_trainer::backbones::Backbone;
use host_trainer::weights::{Padding, WeightSet, WeightsError};

/// Mean, deviation and eight elements of a map, as `summary` in the script.
fn summary(map: &Tensor<4>) -> Vec<f32> {
    let flat: Vec<f64> = values(map.clone()).into_iter().map(f64::from).collect();
    let mean = flat.iter().sum::<f64>() / flat.len() as f64;
    let variance = flat.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / flat.len() as f64;
    let picks = flat.iter().step_by((flat.len() / 8).max(1)).take(8);
    [mean, variance.sqrt()].iter().chain(picks).map(|x| *x as f32).collect()
}

#[test]
fn pooled_features_and_every_stage_are_those_of_torchvision() {
    let answers = answers("torch.safetensors");
    for kind in BackboneKind::ALL {
        let net = Backbone::load(&hashed_set(kind), &Device::flex()).unwrap();
        for (size, n) in [(64, 2), (96, 1), (224, 1)] {
            let mut stages = BTreeMap::new();
            let map = net.maps_observed(images(size, n), &mut |stage, map| {
                stages.insert(stage.to_owned(), summary(map));
            });
            assert_eq!(map.dims(), [n, kind.features(), size / 32, size / 32]);
            let pooled = net.pooled(images(size, n));
            assert_eq!(pooled.dims(), [n, kind.features()]);
            let key = |what: &str| format!("{}.{size}.{what}", kind.name());
            let worst = largest_difference(&values(pooled), &answers[&key("pooled")]);
            println!("{} at {size}: pooled features differ by at most {worst:e}", kind.name());
            assert!(worst < 1e-4, "{}: {worst}", key("pooled"));
            let mut compared = 0;
            for (name, expected) in answers.iter().filter(|(name, _)| name.starts_with(&key("features"))) {
                let stage = &name[key("").len()..];
                let scale = expected.iter().fold(1.0_f32, |m, x| m.max(x.abs()));
                let worst = largest_difference(&stages[stage], expected) / scale;
                assert!(worst < 1e-4, "{name}: {worst}");
                compared += 1;
            }
            let expected = if kind == BackboneKind::MobilenetV2 { 19 } else { 9 };
            assert_eq!(compared, if size == 96 { 0 } else { expected });
        }
    }
}

#[test]
fn tensors_that_do_not_fit_are_all_named() {
    let mut set = hashed_set(BackboneKind::MobilenetV2);
    set.tensors.remove("features.7.conv.1.0.weight");
    set.tensors.remove("features.18.1.running_var");
    let stray = set.tensors["features.0.1.bias"].clone();
    set.tensors.insert("features.19.weight".to_owned(), stray.clone());
    set.tensors.insert("features.0.0.weight".to_owned(), stray);
    set.tensors.get_mut("features.3.conv.3.bias").unwrap().data[1] = f32::NAN;
    let error = Backbone::load(&set, &Device::flex()).unwrap_err();
    let text = error.to_string();
    for part in [
        "2 missing: features.7.conv.1.0.weight, features.18.1.running_var",
        "1 not in the net: features.19.weight",
        "1 not finite: features.3.conv.3.bias",
        "features.0.0.weight has shape [32], expected [32, 3, 3, 3]",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let mut set = hashed_set(BackboneKind::DenseNet169);
    set.conventions.padding = Padding::TopLeftShort;
    assert!(matches!(Backbone::load(&set, &Device::flex()), Err(WeightsError::Unsupported { .. })));
}

#[test]
fn random_weights_are_pinned_and_see_the_image() {
    for kind in BackboneKind::ALL {
        let set = WeightSet::random(kind, 7);
        set.check().unwrap();
        assert_eq!(set, WeightSet::random(kind, 7));
        assert_ne!(set.fingerprint(), WeightSet::random(kind, 8).fingerprint());
        // Pinned, so that a demo is the same on every platform and after every update.
        let pinned = match kind {
            BackboneKind::DenseNet169 => "20a1be47f50c7a2bb728604cb1db2ee30669739a3688a28f415c2c53ab66153a",
            BackboneKind::MobilenetV2 => "a60ec7cdfce1c24fdeaf43d4df7bf998f6219418b21f6876a665ea02f1596ddc",
            BackboneKind::DenseNet121 => "6946a256916280163c36883a9281f0c00dd95979830c96472b3d3b4d33d0e002",
        };
        assert_eq!(set.fingerprint(), pinned);
        let net = Backbone::load(&set, &Device::flex()).unwrap();
        // One picture of smooth blobs and one of noise.
        let blobs: Vec<f32> = (0..3 * 96 * 96)
            .map(|i| ((i % 96) as f32 / 15.0).sin() * ((i / 96 % 96) as f32 / 11.0).cos() * 1.5)
            .collect();
        let blobs = Tensor::from_data(burn::tensor::TensorData::new(blobs, [1, 3, 96, 96]), &Device::flex());
        let pooled = values(net.pooled(Tensor::cat(vec![blobs, images(96, 1)], 0)));
        let (a, b) = pooled.split_at(kind.features());
        let mean = pooled.iter().sum::<f32>() / pooled.len() as f32;
        let apart = (a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / a.len() as f32).sqrt();
        println!("{}: mean feature {mean}, pictures {apart} apart", kind.name());
        assert!((0.05..5.0).contains(&mean), "{mean}");
        assert!(apart > 0.1, "{apart}");
    }
}

#[test]
#[ignore = "a measurement: cargo test --release --test backbones -- --ignored --nocapture"]
fn images_per_second() {
    for kind in BackboneKind::ALL {
        let net = Backbone::load(&WeightSet::random(kind, 1), &Device::flex()).unwrap();
        for batch in [8, 16] {
            let start = std::time::Instant::now();
            values(net.pooled(images(224, batch)));
            println!(
                "{} batch {batch}: {:.2} images/s",
                kind.name(),
                batch as f64 / start.elapsed().as_secs_f64()
            );
        }
    }
}
