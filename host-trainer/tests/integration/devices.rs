//! The same features, the same head and the same nets, wherever they are computed.

use std::path::Path;

use host_trainer::architectures::BackboneKind;
use host_trainer::commands::fit::{FitOptions, fit};
use host_trainer::data::augment::Preset;
use host_trainer::data::phantom::{Counts, write_data_set};
use host_trainer::data::{ClassNames, Split, of_split};
use host_trainer::device::{ChosenDevice, DeviceChoice, DeviceError, choose};
use host_trainer::evaluation::{DecisionRules, ThresholdRule};
use host_trainer::features::{Extractor, FeatureJob, View, Views};
use host_trainer::fine_tune::FineTune;
use host_trainer::head::TrainingConfig;
use host_trainer::pipeline::{BackboneSource, FeaturePrecision, FeatureSource};
use host_trainer::run::RunDir;
use host_trainer::weights::WeightSet;
use xray_core::preprocess::{Preprocessing, Scaling};

/// Images are 64 pixels wide for the nets: the way is the same as with 224, twelve times shorter.
fn preprocessing() -> Preprocessing {
    Preprocessing { size: 64, ..Preprocessing::new(Scaling::Imagenet) }
}

fn features(data: &Path, device: &ChosenDevice, kinds: &[BackboneKind]) -> Vec<Vec<f32>> {
    crate::decoder::ready();
    let cache = tempfile::tempdir().unwrap();
    let sets: Vec<WeightSet> = kinds.iter().map(|kind| WeightSet::random(*kind, 5)).collect();
    let extractor = Extractor::new(&sets, &preprocessing(), device, cache.path()).unwrap();
    let items = of_split(data, &ClassNames::default(), Split::Train).unwrap();
    let views = [View::Plain, View::Mirror];
    let jobs: Vec<FeatureJob> =
        items.iter().flat_map(|item| views.iter().map(|view| FeatureJob::new(item, view.clone()))).collect();
    let extraction = extractor.run(&jobs, |_| {}).unwrap();
    extraction.features.iter().map(|features| features.as_deref().unwrap().to_vec()).collect()
}

#[test]
fn several_devices_give_what_one_gives() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("phantoms");
    // 22 images and their mirror images: two rounds of three batches of 8, the last one short.
    write_data_set(&data, Counts { train: 11, test: 1 }, 5).unwrap();
    let one = choose(DeviceChoice::Cpu).unwrap();
    let three = ChosenDevice { others: vec![one.device.clone(); 2], ..one.clone() };
    let kinds = [BackboneKind::MobilenetV2];
    assert!(features(&data, &one, &kinds) == features(&data, &three, &kinds));
}

/// The Vulkan device, a software driver included. If `XRAY_NEED_VULKAN` is set, the build must have Vulkan and the machine
/// a driver; if not, a test that needs Vulkan says loudly that it was skipped.
fn vulkan() -> Option<ChosenDevice> {
    match choose(DeviceChoice::Vulkan) {
        Ok(device) => {
            eprintln!("Vulkan: {}", device.reason);
            Some(device)
        }
        Err(error) if std::env::var_os("XRAY_NEED_VULKAN").is_some() => panic!("{error}"),
        Err(error @ (DeviceError::NotBuilt { .. } | DeviceError::NoAdapter { .. })) => {
            eprintln!("SKIPPED: Vulkan was NOT tested: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn vulkan_gives_the_features_the_head_and_the_nets_of_the_cpu() {
    let Some(vulkan) = vulkan() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("phantoms");
    write_data_set(&data, Counts { train: 6, test: 1 }, 5).unwrap();
    let cpu = choose(DeviceChoice::Cpu).unwrap();

    let (here, there) = (
        features(&data, &cpu, &BackboneKind::DEFAULT_STACK),
        features(&data, &vulkan, &BackboneKind::DEFAULT_STACK),
    );
    let mut largest = 0.0_f32;
    for (ours, theirs) in here.concat().iter().zip(there.concat()) {
        largest = largest.max((ours - theirs).abs() / ours.abs().max(1.0));
    }
    eprintln!("features: largest difference {largest:e}");
    assert!(largest < 1e-4, "{largest}");

    if vulkan.software {
        eprintln!("NOT tested: gradients on Vulkan; on a software driver the CPU trains ({})", vulkan.reason);
    }
    let head = |device: &ChosenDevice, tuned: Option<FineTune>| {
        let out = folder.path().join(format!("{}-{}", device.name, tuned.is_some()));
        let source = FeatureSource {
            backbones: BackboneSource::Random { kinds: BackboneKind::DEFAULT_STACK.to_vec(), seed: 5 },
            preprocessing: preprocessing(),
            feature_precision: FeaturePrecision::Float,
            views: Views::new(Preset::Article),
            ..FeatureSource::new(&data, folder.path().join("cache")).unwrap()
        };
        let options = FitOptions {
            training: TrainingConfig {
                seed: 5,
                epochs: 3,
                batch_size: 8,
                learning_rate: 1e-3,
                ..TrainingConfig::default()
            },
            fine_tune: tuned,
            audit: None,
            decision: DecisionRules { threshold: ThresholdRule::Fixed(0.5), ..DecisionRules::default() },
            ..FitOptions::new(source, &out)
        };
        fit(&options, device, &mut |_| {}).unwrap();
        let run = RunDir::new(&out);
        let weights = run.read().unwrap().1.dense3.weight.data;
        let scores: Vec<f64> = run.scores().unwrap().iter().map(|score| score.probability).collect();
        (weights, scores)
    };
    let tuning = FineTune { unfreeze: "mobilenet-v2:18..".parse().unwrap(), epochs: 2, learning_rate: 1e-5 };
    // A software driver does not train backbones.
    for tuned in std::iter::once(None).chain((!vulkan.software).then_some(Some(tuning))) {
        let ((weights, scores), (other_weights, other_scores)) =
            (head(&cpu, tuned.clone()), head(&vulkan, tuned));
        let largest = weights.iter().zip(&other_weights).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
        eprintln!("head: largest difference of a last weight {largest:e}");
        assert!(largest < 1e-3, "{largest}");
        let largest = scores.iter().zip(&other_scores).map(|(a, b)| (a - b).abs()).fold(0.0_f64, f64::max);
        eprintln!("validation: largest difference of a probability {largest:e}");
        assert!(largest < 1e-3, "{largest}");
    }
}

#[cfg(not(feature = "vulkan"))]
#[test]
fn a_build_without_a_gpu_backend_says_how_to_get_one() {
    let device = choose(DeviceChoice::Auto).unwrap();
    let any_gpu = cfg!(any(feature = "cuda", feature = "metal"));
    assert_eq!(device.hint.is_some(), !any_gpu);
    assert!(device.hint.is_none_or(|hint| hint.contains("--features vulkan")), "{:?}", device.hint);
    let folder = tempfile::tempdir().unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_host-trainer"));
    program.args(["fit", "--json", "--backbones", "random", "--data"]).arg(folder.path().join("none"));
    let output = program.arg("--out").arg(folder.path().join("run")).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(any_gpu || stderr.contains("device: cpu (") && stderr.contains("--features vulkan"), "{stderr}");
    assert!(output.stdout.is_empty());
}

/// A driver manifest that is missing, and a file that is no library instead of the Vulkan loader.
#[cfg(all(target_os = "linux", feature = "vulkan"))]
#[test]
fn it_starts_without_a_driver_and_without_the_loader() {
    let folder = tempfile::tempdir().unwrap();
    for library in ["libvulkan.so.1", "libvulkan.so"] {
        std::fs::write(folder.path().join(library), "").unwrap();
    }
    let here = |name: &str| folder.path().join(name).into_os_string();
    let no_driver = [("VK_DRIVER_FILES", here("none.json")), ("VK_ICD_FILENAMES", here("none.json"))];
    let no_loader = [("LD_LIBRARY_PATH", here(""))];
    for variables in [&no_driver[..], &no_loader[..]] {
        let said = |device: &str| {
            let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_host-trainer"));
            program.args(["fit", "--backbones", "random", "--device", device, "--data"]).arg(here("none"));
            program.arg("--out").arg(here("run")).envs(variables.iter().cloned());
            String::from_utf8(program.output().unwrap().stderr).unwrap()
        };
        let (vulkan, auto) = (said("vulkan"), said("auto"));
        assert!(vulkan.contains("no vulkan adapter was found on this machine"), "{vulkan}");
        assert!(auto.contains("device: cpu (") && auto.contains("no vulkan adapter"), "{auto}");
    }
}
