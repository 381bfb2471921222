//! Training backbones from images, held against PyTorch; which layers move; and going on after a cut.

use std::path::Path;

use burn::tensor::Device;
use host_trainer::architectures::BackboneKind;
use host_trainer::data::augment::Preset;
use host_trainer::data::{ClassNames, Item, Split, of_split};
use host_trainer::features::{View, Views};
use host_trainer::fine_tune::{
    FineTune, FineTuneCheckpoint, FineTuneError, FineTuneJob, FineTuned, TuningImages, Unfreeze, fine_tune,
};
use host_trainer::head::{
    BatchNorm, ClassWeights, Dense, HeadWeights, TrainingConfig, TrainingError, TrainingEvent,
};
use host_trainer::weights::{Array, WeightSet};
use xray_core::preprocess::{Preprocessing, Scaling};
use xray_testkit::random::hashed_by_index;

use crate::backbone_fixture::hashed_set;

/// The side of the images of [`write_images`].
pub const SIZE: usize = 64;
const HIDDEN: [usize; 2] = [8, 4];
const FEATURES: usize = 1280;

/// Losses of three epochs, from `scripts/oracle/fine_tune.py`: training, validation; first with the last two blocks
/// trained, then with everything; on one device, then with the batch dealt out to three; the last two blocks in batches
/// of 6 on three.
const PYTORCH: [[[f64; 2]; 3]; 5] = include!("../fixtures/fine_tune/losses.in");

/// How far a loss may be off: the first step of Adam goes by the sign of a gradient, which is chance where it is
/// nearly zero.
const TOLERANCE: f64 = 2e-3;

/// As `image` in the script: 16 to train on, 8 to watch.
pub fn write_images(folder: &Path) {
    for index in 0..24 {
        let positive = index % 2 == 1;
        let levels = hashed_by_index(&format!("fine-tune.{index}"), SIZE * SIZE).into_iter();
        let levels = levels.map(|u| (u * 156.0).floor() as u8 + if positive { 100 } else { 0 }).collect();
        let split = if index < 16 { "train" } else { "val" };
        let place = folder.join(split).join(if positive { "PNEUMONIA" } else { "NORMAL" });
        std::fs::create_dir_all(&place).unwrap();
        let picture = image::GrayImage::from_raw(SIZE as u32, SIZE as u32, levels).unwrap();
        picture.save(place.join(format!("{index:02}.png"))).unwrap();
    }
}

/// As `build` in the script.
fn head() -> HeadWeights {
    let norm = |width| BatchNorm {
        gamma: vec![1.0; width],
        beta: vec![0.0; width],
        mean: vec![0.0; width],
        variance: vec![1.0; width],
        epsilon: 1e-3,
    };
    let dense = |name: &str, inputs: usize, outputs: usize| {
        let bound = 4.0 / (inputs as f64).sqrt();
        let weight = hashed_by_index(&format!("{name}.weight"), inputs * outputs).into_iter();
        let data = weight.map(|u| ((u - 0.5) * bound) as f32).collect();
        Dense { weight: Array { shape: vec![outputs, inputs], data }, bias: vec![0.0; outputs] }
    };
    HeadWeights {
        norm1: norm(FEATURES),
        dense1: dense("dense1", FEATURES, HIDDEN[0]),
        norm2: norm(HIDDEN[0]),
        dense2: dense("dense2", HIDDEN[0], HIDDEN[1]),
        dense3: dense("dense3", HIDDEN[1], 1),
    }
}

fn config() -> TrainingConfig {
    TrainingConfig {
        seed: 3,
        learning_rate: 1e-3,
        dropout: 0.0,
        hidden: HIDDEN,
        class_weights: ClassWeights::None,
        ..TrainingConfig::default()
    }
}

/// A fine-tuning of MobileNetV2 on the images; `observe` sees every state.
fn tuned(
    unfreeze: &str,
    config: &TrainingConfig,
    devices: usize,
    resume: Option<FineTuneCheckpoint>,
    observe: impl FnMut(&FineTuneCheckpoint),
) -> Result<FineTuned, FineTuneError> {
    let how = FineTune { unfreeze: unfreeze.parse::<Unfreeze>()?, epochs: 3, learning_rate: 1e-4 };
    tuned_by(&how, config, devices, resume, observe)
}

fn tuned_by(
    how: &FineTune,
    config: &TrainingConfig,
    devices: usize,
    resume: Option<FineTuneCheckpoint>,
    mut observe: impl FnMut(&FineTuneCheckpoint),
) -> Result<FineTuned, FineTuneError> {
    let folder = tempfile::tempdir().unwrap();
    write_images(folder.path());
    let items = |split| -> Vec<Item> { of_split(folder.path(), &ClassNames::default(), split).unwrap() };
    let (train, validation) = (items(Split::Train), items(Split::Val));
    let validation: Vec<_> = validation.iter().map(|item| (item, &View::Plain)).collect();
    let preprocessing = Preprocessing { size: SIZE, ..Preprocessing::new(Scaling::Imagenet) };
    let views = Views::new(Preset::None);
    let images =
        TuningImages { train: &train, validation: &validation, views: &views, preprocessing: &preprocessing };
    let sets = [hashed_set(BackboneKind::MobilenetV2)];
    let job = FineTuneJob {
        sets: &sets,
        head: &head(),
        images,
        options: how,
        training: config,
        devices: &vec![Device::flex(); devices],
    };
    fine_tune(job, resume, |event| {
        if let TrainingEvent::Epoch(_, state) = event {
            observe(state);
        }
        Ok::<_, FineTuneError>(())
    })
}

fn losses_agree(tuned: &FineTuned, pytorch: [[f64; 2]; 3]) {
    for (epoch, [training, validation]) in tuned.history.iter().zip(pytorch) {
        eprintln!("{epoch:?} against {training} and {validation}");
        assert!((epoch.train_loss - training).abs() < TOLERANCE);
        assert!((epoch.validation_loss - validation).abs() < TOLERANCE);
    }
    assert!(tuned.history[2].train_loss < tuned.history[0].train_loss);
}

/// The tensors that are not what they were, bit for bit.
fn moved(before: &WeightSet, after: &WeightSet) -> Vec<String> {
    let bits = |array: &Array| array.data.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert!(before.tensors.keys().eq(after.tensors.keys()));
    let pairs = before.tensors.iter().zip(after.tensors.values());
    pairs.filter(|((_, a), b)| bits(a) != bits(b)).map(|((name, _), _)| name.clone()).collect()
}

#[test]
fn the_last_blocks_learn_as_in_pytorch_and_the_rest_stays() {
    let tuned = tuned("mobilenet-v2:17..", &config(), 1, None, |_| {}).unwrap();
    losses_agree(&tuned, PYTORCH[0]);
    let before = hashed_set(BackboneKind::MobilenetV2);
    let moved = moved(&before, &tuned.sets[0]);
    let expected: Vec<&String> = before
        .tensors
        .keys()
        .filter(|name| name.starts_with("features.17.") || name.starts_with("features.18."))
        .filter(|name| !name.contains(".running_"))
        .collect();
    assert!(moved.iter().eq(expected), "{moved:?}");
    assert_ne!(tuned.head, head());
}

#[test]
fn everything_learns_as_in_pytorch_statistics_included() {
    let tuned = tuned("all", &config(), 1, None, |_| {}).unwrap();
    losses_agree(&tuned, PYTORCH[1]);
    let before = hashed_set(BackboneKind::MobilenetV2);
    assert_eq!(moved(&before, &tuned.sets[0]).len(), before.tensors.len());
}

/// The processor stands for three devices.
#[test]
fn several_devices_share_a_batch_as_in_pytorch() {
    let [.., blocks, all, small_batches] = PYTORCH;
    for (unfreeze, batch_size, pytorch) in
        [("mobilenet-v2:17..", 16, blocks), ("all", 16, all), ("mobilenet-v2:17..", 6, small_batches)]
    {
        let config = TrainingConfig { batch_size, ..config() };
        let how = FineTune { unfreeze: unfreeze.parse().unwrap(), epochs: 3, learning_rate: 1e-5 };
        losses_agree(&tuned_by(&how, &config, 3, None, |_| {}).unwrap(), pytorch);
    }
}

#[test]
fn passes_that_make_it_worse_leave_everything_as_it_was() {
    let how = FineTune { unfreeze: "mobilenet-v2:18..".parse().unwrap(), epochs: 1, learning_rate: 3.0 };
    let config = TrainingConfig { learning_rate: 3.0, ..config() };
    let tuned = tuned_by(&how, &config, 1, None, |_| {}).unwrap();
    assert_eq!((tuned.best_epoch, tuned.history.len()), (0, 1));
    assert_eq!(tuned.sets, [hashed_set(BackboneKind::MobilenetV2)]);
    assert_eq!(tuned.head, head());
    assert_eq!(tuned.validation_probabilities.len(), 8);
}

#[test]
fn what_cannot_be_trained_is_told_before_anything_is_computed() {
    let how = |epochs, learning_rate| FineTune { unfreeze: Unfreeze::All, epochs, learning_rate };
    let check = |how: FineTune| how.check(&BackboneKind::DEFAULT_STACK);
    assert!(check(how(1, 1e-5)).is_ok());
    assert!(matches!(check(how(0, 1e-5)), Err(FineTuneError::NoEpochs)));
    for rate in [0.0, -1e-5, f64::NAN, f64::INFINITY] {
        assert!(matches!(check(how(1, rate)), Err(FineTuneError::Rate { .. })), "{rate}");
    }
    let alone = FineTune { unfreeze: "densenet169".parse().unwrap(), ..how(1, 1e-5) };
    assert!(matches!(alone.check(&[BackboneKind::MobilenetV2]), Err(FineTuneError::NotInModel { .. })));
}

#[test]
fn a_fine_tuning_that_was_cut_off_ends_with_the_same_nets() {
    // Several steps a pass, and dropout.
    let config = TrainingConfig { batch_size: 8, dropout: 0.5, ..config() };
    let file = tempfile::NamedTempFile::new().unwrap();
    for (unfreeze, devices) in [("mobilenet-v2:18..", 1), ("all", 1), ("all", 2)] {
        let whole = tuned(unfreeze, &config, devices, None, |state| {
            if state.next_epoch() == 2 {
                state.save(file.path()).unwrap();
            }
        })
        .unwrap();
        let state = FineTuneCheckpoint::load(file.path()).unwrap().unwrap();
        let mut passes = 0;
        let resumed = tuned(unfreeze, &config, devices, Some(state.clone()), |_| passes += 1).unwrap();
        assert_eq!(passes, 2);
        assert_eq!(resumed.sets, whole.sets);
        assert_eq!(resumed.head, whole.head);
        assert_eq!(resumed.history, whole.history);
        assert_eq!(resumed.validation_probabilities, whole.validation_probabilities);

        let other = TrainingConfig { seed: 4, ..config };
        let refused = tuned(unfreeze, &other, devices, Some(state), |_| {}).unwrap_err();
        assert!(matches!(refused, FineTuneError::Training(TrainingError::OtherTraining)), "{refused}");
    }
}
