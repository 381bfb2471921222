//! Training held against PyTorch. `scripts/oracle/head.py` computes the answers from the same first weights,
//! which the ignored test below writes for it.

use burn::tensor::Device;

use super::model::Head;
use super::{Samples, TrainingConfig, TrainingError, train};

const FEATURES: usize = 8;
const CONFIG: TrainingConfig =
    TrainingConfig { seed: 7, epochs: 4, batch_size: 16, learning_rate: 1e-2, dropout: 0.0 };

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
        samples.features.push(features.into());
        samples.labels.push(label);
    }
    samples
}

#[test]
fn losses_are_those_of_pytorch() {
    let trained = train(&CONFIG, &samples(0..16), &samples(16..24), &Device::flex(), |_| {}).unwrap();
    for (epoch, [training, validation]) in trained.history.iter().zip(PYTORCH) {
        assert!((epoch.train_loss - training).abs() < 1e-4, "{epoch:?} against {training}");
        assert!((epoch.validation_loss - validation).abs() < 1e-4, "{epoch:?} against {validation}");
    }
}

#[test]
#[ignore = "writes the first weights for scripts/oracle/head.py"]
fn write_first_weights() {
    let head = Head::new(FEATURES, CONFIG.seed, &Device::flex());
    head.weights().unwrap().save(std::path::Path::new("/tmp/xray-edge-head.safetensors")).unwrap();
}

#[test]
fn same_seed_same_head() {
    let config = TrainingConfig { dropout: 0.5, batch_size: 4, ..CONFIG };
    let run = |config| train(&config, &samples(0..16), &samples(16..24), &Device::flex(), |_| {}).unwrap();
    let (first, second) = (run(config), run(config));
    assert_eq!(first.weights, second.weights);
    assert_eq!(first.history, second.history);
    assert_ne!(first.weights, run(TrainingConfig { seed: 8, ..config }).weights);
}

#[test]
fn kept_weights_are_of_the_lowest_validation_loss() {
    let config = TrainingConfig { epochs: 30, learning_rate: 0.1, dropout: 0.5, ..CONFIG };
    let trained = train(&config, &samples(0..16), &samples(16..24), &Device::flex(), |_| {}).unwrap();
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
        train(&config, &training, &validation, &Device::flex(), |_| {}).err()
    };
    let (training, validation) = (samples(0..16), samples(16..24));
    assert_eq!(
        run(TrainingConfig { batch_size: 1, ..CONFIG }, training.clone(), validation.clone()),
        Some(TrainingError::BatchTooSmall { batch_size: 1 })
    );
    assert_eq!(
        run(TrainingConfig { epochs: 0, ..CONFIG }, training.clone(), validation.clone()),
        Some(TrainingError::NoEpochs)
    );
    assert_eq!(
        run(CONFIG, training.clone(), Samples::default()),
        Some(TrainingError::NoSamples { side: "validation" })
    );
    let mut one_class = training;
    one_class.labels.fill(true);
    assert_eq!(run(CONFIG, one_class, validation), Some(TrainingError::OneClass));
}
