//! Training whole backbones from drawn images, held against PyTorch; which layers move; and going on after a cut.

use std::collections::BTreeMap;

use burn::tensor::Device;
use host_trainer::architectures::BackboneKind;
use host_trainer::backbone_training::{
    BackboneCheckpoint, BackboneImages, BackboneJob, BackboneRecipe, BackboneTrainingError, GroupShares,
    Subclasses, Teacher, TrainedBackbone, train_backbone,
};
use host_trainer::data::augment::{AffineRanges, Hardening};
use host_trainer::data::{ClassNames, Groups, Item, Split, of_split};
use host_trainer::head::{TrainingError, TrainingEvent};
use host_trainer::weights::{Array, WeightSet};
use xray_core::preprocess::{Preprocessing, Scaling};

use crate::backbone_fixture::hashed_set;
use crate::fine_tune::{SIZE, write_images};

/// Training loss, validation loss and learning rate of six passes, from `scripts/oracle/backbone_training.py`.
#[allow(clippy::approx_constant, clippy::excessive_precision, reason = "as PyTorch printed them")]
const PYTORCH: [[f64; 3]; 6] = include!("../fixtures/backbone_training/passes.in");

/// How far a loss may be off: a step of AdamW goes by the sign of a gradient, which is chance where it is nearly zero.
const TOLERANCE: f64 = 2e-3;

/// Draws that leave every image as it is.
fn still() -> Hardening {
    Hardening {
        frame_exchange: 0.0,
        amplitude_mix: 0.0,
        erase: 0.0,
        affine: AffineRanges {
            scale: [1.0, 1.0],
            shift: 0.0,
            rotation: 0.0,
            aspect: 0.0,
            shear: 0.0,
            flip: false,
        },
        blur: [0.0, 0.0],
        gamma: 0.0,
        contrast: 0.0,
        brightness: 0.0,
        noise: 0.0,
        ..Hardening::default()
    }
}

/// As in the script.
fn oracle_recipe() -> BackboneRecipe {
    BackboneRecipe {
        sizes: format!("6x{SIZE}").parse().unwrap(),
        hardening: still(),
        learning_rate: 3e-4,
        warm_up: 4,
        clip: 0.5,
        average: 0.2,
        batch_size: 16,
        dropout: 0.0,
        ..BackboneRecipe::default()
    }
}

/// Small images in two sizes, in several steps a pass, drawn as by default.
fn drawing_recipe(unfreeze: &str) -> BackboneRecipe {
    BackboneRecipe {
        unfreeze: unfreeze.parse().unwrap(),
        sizes: "2x64,1x96".parse().unwrap(),
        warm_up: 3,
        batch_size: 8,
        ..BackboneRecipe::default()
    }
}

/// What a training is made with, beside its recipe.
#[derive(Clone, Copy)]
struct Setting<'a> {
    seed: u64,
    class_weights: Option<[f32; 2]>,
    teacher: Option<&'a Teacher>,
    /// Of every image; none: every image is shown once.
    weights: &'a [f64],
}

const PLAIN: Setting<'static> = Setting { seed: 3, class_weights: None, teacher: None, weights: &[] };

/// Images with the finding are bacteria or virus by turns.
fn subclasses(items: &[Item]) -> Subclasses {
    let group = |item: &Item| {
        let number: usize = item.path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        (item.relative.clone(), if number % 4 == 1 { "bacteria" } else { "virus" }.to_owned())
    };
    Subclasses::new(items, &Groups::Listed(items.iter().map(group).collect::<BTreeMap<_, _>>()))
}

fn trained(
    recipe: &BackboneRecipe,
    setting: Setting<'_>,
    resume: Option<BackboneCheckpoint>,
    mut observe: impl FnMut(&BackboneCheckpoint),
) -> Result<TrainedBackbone, BackboneTrainingError> {
    let folder = tempfile::tempdir().unwrap();
    write_images(folder.path());
    let items = |split| -> Vec<Item> { of_split(folder.path(), &ClassNames::default(), split).unwrap() };
    let (train, validation) = (items(Split::Train), items(Split::Val));
    let groups: Vec<usize> = match setting.weights {
        [] => Vec::new(),
        _ => train.iter().map(|item| usize::from(item.label)).collect(),
    };
    let set = hashed_set(BackboneKind::MobilenetV2);
    let layers = recipe.layers(&[BackboneKind::MobilenetV2])?;
    let job = BackboneJob {
        set: &set,
        layers: &layers[0],
        images: BackboneImages {
            train: &train,
            validation: &validation,
            shares: GroupShares { groups: &groups, weights: setting.weights },
            subclasses: &subclasses(&train),
            draw_seed: 42,
            preprocessing: &Preprocessing::new(Scaling::Imagenet),
        },
        recipe,
        seed: setting.seed,
        class_weights: setting.class_weights,
        teacher: setting.teacher,
        device: &Device::flex(),
    };
    train_backbone(job, resume, |event| {
        if let TrainingEvent::Epoch(_, state) = event {
            observe(state);
        }
        Ok::<_, BackboneTrainingError>(())
    })
}

/// The tensors that are not what they were, bit for bit.
fn moved(before: &WeightSet, after: &WeightSet) -> Vec<String> {
    let bits = |array: &Array| array.data.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert!(before.tensors.keys().eq(after.tensors.keys()));
    let pairs = before.tensors.iter().zip(after.tensors.values());
    pairs.filter(|((_, a), b)| bits(a) != bits(b)).map(|((name, _), _)| name.clone()).collect()
}

/// AdamW, warm-up, cosine, clipping, moving average, class weights, smoothing and the output for subclasses together.
#[test]
fn a_whole_net_learns_as_in_pytorch() {
    crate::decoder::ready();
    let setting = Setting { class_weights: Some([2.0, 0.5]), ..PLAIN };
    let trained = trained(&oracle_recipe(), setting, None, |_| {}).unwrap();
    for (pass, [training, validation, rate]) in trained.history.iter().zip(PYTORCH) {
        eprintln!("{pass:?} against {training}, {validation} and {rate}");
        assert!((pass.train_loss - training).abs() < TOLERANCE);
        assert!((pass.validation_loss - validation).abs() < TOLERANCE);
        assert!((pass.learning_rate - rate).abs() < 1e-12);
    }
    assert_eq!(trained.history.len(), PYTORCH.len());
    let before = hashed_set(BackboneKind::MobilenetV2);
    assert_eq!(moved(&before, &trained.set).len(), before.tensors.len());
}

#[test]
fn layers_that_are_not_named_stay_as_they_are() {
    crate::decoder::ready();
    let trained = trained(&drawing_recipe("mobilenet-v2:18.."), PLAIN, None, |_| {}).unwrap();
    let before = hashed_set(BackboneKind::MobilenetV2);
    let moved = moved(&before, &trained.set);
    let named = before.tensors.keys().filter(|name| name.starts_with("features.18."));
    assert!(moved.iter().eq(named.filter(|name| !name.contains(".running_"))), "{moved:?}");
    assert_eq!(trained.set.provenance.to_string(), "random (seed 0), trained further (mobilenet-v2:18..)");
}

/// A teacher with random weights; its output is fitted on rows that tell the classes.
fn teacher() -> Teacher {
    let set = WeightSet::random(BackboneKind::MobilenetV2, 8);
    let row = |level: f32| (0..1280).map(|at| level + (at % 7) as f32 * 0.01).collect();
    Teacher::new(&set, &[row(0.1), row(0.9)], &[false, true], &Device::flex()).unwrap()
}

#[test]
fn a_training_that_was_cut_off_ends_with_the_same_weights() {
    crate::decoder::ready();
    let teacher = teacher();
    let taught = Setting { teacher: Some(&teacher), ..PLAIN };
    let file = tempfile::NamedTempFile::new().unwrap();
    for (recipe, setting) in [
        (drawing_recipe("all"), taught),
        (drawing_recipe("mobilenet-v2:17.."), Setting { weights: &[1.0, 0.5], ..PLAIN }),
    ] {
        let whole = trained(&recipe, setting, None, |state| {
            if state.history().len() == 1 {
                state.save(file.path()).unwrap();
            }
        })
        .unwrap();
        let state = BackboneCheckpoint::load(file.path()).unwrap().unwrap();
        let mut passes = 0;
        let mut last = None;
        let resumed = trained(&recipe, setting, Some(state.clone()), |state| {
            passes += 1;
            last = Some(state.clone());
        })
        .unwrap();
        assert_eq!(passes, 2);
        assert_eq!(resumed.set, whole.set);
        assert_eq!(resumed.history, whole.history);
        // A finished one gives its weights at once.
        let finished = trained(&recipe, setting, last, |_| panic!("it was finished")).unwrap();
        assert_eq!(finished.set, whole.set);

        let refused = trained(&recipe, Setting { seed: 4, ..setting }, Some(state), |_| {}).unwrap_err();
        assert!(
            matches!(refused, BackboneTrainingError::Training(TrainingError::OtherTraining)),
            "{refused}"
        );
    }
}

/// The teacher changes what is learnt, and so do the draws.
#[test]
fn every_part_of_the_recipe_counts() {
    crate::decoder::ready();
    let short = |recipe: BackboneRecipe| BackboneRecipe { sizes: "1x64".parse().unwrap(), ..recipe };
    let weights = |recipe: BackboneRecipe, setting: Setting<'_>| {
        trained(&short(recipe), setting, None, |_| {}).unwrap().set.fingerprint()
    };
    let recipe = || drawing_recipe("mobilenet-v2:18..");
    let teacher = teacher();
    let taught = Setting { teacher: Some(&teacher), ..PLAIN };
    let all = [
        weights(recipe(), PLAIN),
        weights(recipe(), taught),
        weights(recipe(), Setting { seed: 4, ..PLAIN }),
        weights(recipe(), Setting { weights: &[1.0, 0.1], ..PLAIN }),
        weights(BackboneRecipe { hardening: still(), ..recipe() }, PLAIN),
        weights(BackboneRecipe { subclass_weight: 0.0, ..recipe() }, PLAIN),
        weights(BackboneRecipe { weight_decay: 0.0, ..recipe() }, PLAIN),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| other != one), "{at}");
    }
    assert_eq!(weights(recipe(), PLAIN), all[0]);
}

#[test]
fn images_of_one_class_teach_nothing() {
    crate::decoder::ready();
    let folder = tempfile::tempdir().unwrap();
    write_images(folder.path());
    let train = of_split(folder.path(), &ClassNames::default(), Split::Train).unwrap();
    let train: Vec<Item> = train.into_iter().filter(|item| item.label).collect();
    let set = hashed_set(BackboneKind::MobilenetV2);
    let recipe = drawing_recipe("all");
    let layers = recipe.layers(&[BackboneKind::MobilenetV2]).unwrap();
    let job = BackboneJob {
        set: &set,
        layers: &layers[0],
        images: BackboneImages {
            train: &train,
            validation: &[],
            shares: GroupShares { groups: &[], weights: &[] },
            subclasses: &Subclasses::default(),
            draw_seed: 42,
            preprocessing: &Preprocessing::new(Scaling::Imagenet),
        },
        recipe: &recipe,
        seed: 3,
        class_weights: None,
        teacher: None,
        device: &Device::flex(),
    };
    let refused = train_backbone(job, None, |_| Ok::<_, BackboneTrainingError>(())).unwrap_err();
    assert!(matches!(refused, BackboneTrainingError::TooFewImages { .. }), "{refused}");
}
