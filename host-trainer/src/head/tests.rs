//! Training held against PyTorch. `scripts/oracle/head.py` computes the answers from the same first weights,
//! which the ignored test below writes for it.

use burn::tensor::Device;

use super::callbacks::{EarlyStopping, Monitor, ReduceOnPlateau};
use super::model::{Head, values};
use super::{
    Checkpoint, ClassWeights, Keep, Samples, TrainedHead, TrainingConfig, TrainingError, TrainingEvent,
    class_weights, rng, train,
};

const FEATURES: usize = 8;

fn config() -> TrainingConfig {
    TrainingConfig {
        seed: 7,
        epochs: 4,
        learning_rate: 1e-2,
        dropout: 0.0,
        class_weights: ClassWeights::None,
        ..TrainingConfig::default()
    }
}

/// Losses of four epochs over one batch, from `scripts/oracle/head.py`: training, validation.
const PYTORCH: [[f64; 2]; 4] = include!("../../tests/fixtures/head/losses.in");

/// A picture of numbers that the script draws too: `sin(0.7 · row + 1.3 · column)`, positive rows shifted by
/// half.
fn samples(rows: std::ops::Range<usize>) -> Samples {
    let mut samples = Samples::default();
    for row in rows {
        let label = row % 3 == 0;
        let shift = if label { 0.5 } else { 0.0 };
        let features: Vec<f32> = (0..FEATURES)
            .map(|column| ((0.7 * row as f64 + 1.3 * column as f64).sin() + shift) as f32)
            .collect();
        samples.views.push(vec![features.into()]);
        samples.labels.push(label);
    }
    samples
}

fn trained(config: &TrainingConfig) -> TrainedHead {
    train(config, &samples(0..16), &samples(16..24), &Device::flex(), None, |_| Ok::<_, TrainingError>(()))
        .unwrap()
}

#[test]
fn losses_are_those_of_pytorch() {
    let trained = trained(&config());
    for (epoch, [training, validation]) in trained.history.iter().zip(PYTORCH) {
        assert!((epoch.train_loss - training).abs() < 1e-4, "{epoch:?} against {training}");
        assert!((epoch.validation_loss - validation).abs() < 1e-4, "{epoch:?} against {validation}");
    }
}

#[test]
#[ignore = "writes the first weights for scripts/oracle/head.py"]
fn write_first_weights() {
    let head = Head::new(FEATURES, config().hidden, config().seed, &Device::flex());
    head.weights().unwrap().save(std::path::Path::new("/tmp/xray-edge-head.safetensors")).unwrap();
}

#[test]
fn same_seed_same_head() {
    let config = TrainingConfig { dropout: 0.5, batch_size: 4, ..config() };
    let run = |config| trained(&config);
    let (first, second) = (run(config), run(config));
    assert_eq!(first.weights, second.weights);
    assert_eq!(first.history, second.history);
    assert_ne!(first.weights, run(TrainingConfig { seed: 8, ..config }).weights);
}

#[test]
fn kept_weights_are_of_the_lowest_validation_loss() {
    let config = TrainingConfig { epochs: 30, learning_rate: 0.1, dropout: 0.5, ..config() };
    let trained = trained(&config);
    let lowest = trained.history.iter().map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
    assert_eq!(trained.history[trained.best_epoch - 1].validation_loss, lowest);
    // The probabilities are of the same weights: their cross-entropy is that loss.
    let labels = samples(16..24).labels;
    let loss: f64 = trained
        .validation_probabilities
        .iter()
        .zip(&labels)
        .map(|(p, label)| -(if *label { *p } else { 1.0 - p }).ln())
        .sum();
    assert!((loss / labels.len() as f64 - lowest).abs() < 1e-9);
}

#[test]
fn what_cannot_be_trained_is_named() {
    let run = |config: TrainingConfig, training: Samples, validation: Samples| {
        train(&config, &training, &validation, &Device::flex(), None, |_| Ok::<_, TrainingError>(())).err()
    };
    let (training, validation) = (samples(0..16), samples(16..24));
    assert_eq!(
        run(TrainingConfig { batch_size: 1, ..config() }, training.clone(), validation.clone()),
        Some(TrainingError::BatchTooSmall { batch_size: 1 })
    );
    assert_eq!(
        run(TrainingConfig { epochs: 0, ..config() }, training.clone(), validation.clone()),
        Some(TrainingError::NoEpochs)
    );
    assert_eq!(
        run(config(), training.clone(), Samples::default()),
        Some(TrainingError::NoSamples { side: "validation" })
    );
    let mut one_class = training;
    one_class.labels.fill(true);
    assert_eq!(run(config(), one_class, validation), Some(TrainingError::OneClass));
}

#[test]
fn balanced_classes_weigh_the_same() {
    let balanced = TrainingConfig { class_weights: ClassWeights::Balanced, ..config() };
    // 6 of the 16 are positive: 16 / (2 · 10) and 16 / (2 · 6).
    assert_eq!(class_weights(&balanced, 16, samples(0..16).positives()), Some([0.8, 16.0 / 12.0]));
    assert_ne!(trained(&balanced).weights, trained(&config()).weights);
}

#[test]
fn early_stopping_ends_the_training_and_names_its_best() {
    let rule = EarlyStopping { monitor: Monitor::ValLoss, min_delta: 10.0, patience: 3 };
    let config =
        TrainingConfig { epochs: 30, early_stopping: Some(rule), keep: Keep::EarlyStopping, ..config() };
    // No loss falls by ten: the first pass is the best, three more are waited for.
    let trained = trained(&config);
    assert_eq!((trained.history.len(), trained.best_epoch), (4, 1));
}

#[test]
fn a_training_that_stopped_early_is_not_trained_further() {
    let rule = EarlyStopping { monitor: Monitor::ValLoss, min_delta: 10.0, patience: 2 };
    let config = TrainingConfig { epochs: 30, early_stopping: Some(rule), ..config() };
    let last = std::cell::RefCell::new(None);
    let run = |resume| {
        train(&config, &samples(0..16), &samples(16..24), &Device::flex(), resume, |event| {
            if let TrainingEvent::Epoch(_, state) = event {
                last.replace(Some(state.clone()));
            }
            Ok::<_, TrainingError>(())
        })
        .unwrap()
    };
    let whole = run(None);
    let resumed = run(last.take());
    assert_eq!((whole.history.len(), resumed.history.len()), (3, 3));
    assert_eq!(resumed.weights, whole.weights);
}

#[test]
fn every_step_is_told() {
    let config = TrainingConfig { epochs: 2, batch_size: 6, ..config() };
    let mut steps = Vec::new();
    let trained = train(&config, &samples(0..16), &samples(16..24), &Device::flex(), None, |event| {
        if let TrainingEvent::Step(step) = event {
            steps.push(step);
        }
        Ok::<_, TrainingError>(())
    })
    .unwrap();
    let counts: Vec<_> = steps.iter().map(|step| (step.epoch, step.done, step.total)).collect();
    assert_eq!(counts, [(1, 6, 16), (1, 12, 16), (1, 16, 16), (2, 6, 16), (2, 12, 16), (2, 16, 16)]);
    // The last step of a pass says what the pass says.
    assert_eq!(steps[2].train_loss, trained.history[0].train_loss);
    assert_eq!(steps[5].train_accuracy, trained.history[1].train_accuracy);
}

#[test]
fn a_plateau_makes_the_next_steps_smaller() {
    let rule = ReduceOnPlateau {
        factor: 0.5,
        min_delta: 10.0,
        patience: 1,
        cooldown: 0,
        floor: 3e-3,
        ..ReduceOnPlateau::default()
    };
    let config = TrainingConfig { epochs: 5, reduce_on_plateau: Some(rule), ..config() };
    let rates: Vec<f64> = trained(&config).history.iter().map(|epoch| epoch.learning_rate).collect();
    assert_eq!(rates, [1e-2, 1e-2, 5e-3, 3e-3, 3e-3]);
}

/// Several views an image, so that the draw among them is taken up rightly as well.
fn with_views() -> Samples {
    let (mut first, second) = (samples(0..16), samples(100..116));
    for (views, more) in first.views.iter_mut().zip(second.views) {
        views.extend(more);
    }
    first
}

#[test]
fn a_training_that_was_cut_off_ends_with_the_same_head() {
    let config = TrainingConfig {
        epochs: 8,
        dropout: 0.5,
        batch_size: 4,
        reduce_on_plateau: Some(ReduceOnPlateau { patience: 1, ..ReduceOnPlateau::default() }),
        ..config()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |epoch: usize| folder.path().join(epoch.to_string());
    let run = |resume| {
        train(&config, &with_views(), &samples(16..24), &Device::flex(), resume, |event| match event {
            TrainingEvent::Epoch(epoch, state) => state.save(&path(epoch.epoch)),
            TrainingEvent::Step(_) => Ok(()),
        })
        .unwrap()
    };
    let whole = run(None);
    for epoch in [1, 4, 7, 8] {
        let state = Checkpoint::load(&path(epoch)).unwrap().unwrap();
        assert_eq!(state.next_epoch(), epoch + 1);
        let resumed = run(Some(state));
        assert_eq!(resumed.weights, whole.weights, "after epoch {epoch}");
        assert_eq!(resumed.history, whole.history);
        assert_eq!(resumed.validation_probabilities, whole.validation_probabilities);
    }
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let mut last = None;
    train(&config(), &samples(0..16), &samples(16..24), &Device::flex(), None, |event| {
        if let TrainingEvent::Epoch(_, state) = event {
            last = Some(state.clone());
        }
        Ok::<_, TrainingError>(())
    })
    .unwrap();
    let other = TrainingConfig { seed: 8, ..config() };
    let resumed = train(&other, &samples(0..16), &samples(16..24), &Device::flex(), last, |_| {
        Ok::<_, TrainingError>(())
    });
    assert_eq!(resumed.err(), Some(TrainingError::OtherTraining));
}

/// Devices that share a batch multiply their images with the masks that one device would.
#[test]
fn the_dropout_of_a_share_is_that_of_its_rows() {
    let device = Device::flex();
    let config = TrainingConfig { dropout: 0.5, hidden: [3, 2], ..config() };
    let whole = rng::dropout(&config, 1, 0, 5, &device);
    let share = whole.rows(2..5, &device);
    let (all, some) = (values(whole.hidden1).unwrap(), values(share.hidden1).unwrap());
    assert_eq!(some, all[2 * 3..]);
    assert!(some.contains(&0.0) && some.contains(&2.0), "{some:?}");
    assert_eq!(values(share.hidden2).unwrap(), values(whole.hidden2).unwrap()[2 * 2..]);
}
