//! Options of the training of a head.

use serde::{Deserialize, Serialize};

use super::callbacks::{EarlyStopping, Monitor, ReduceOnPlateau};
use super::{Samples, TrainingError};

/// Options of the training of a head. The defaults are those of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrainingConfig {
    /// Seeds the first weights, the order of the batches, the views and dropout.
    pub seed: u64,
    /// Passes over the training samples.
    pub epochs: usize,
    /// Samples per step; at least 2, since BatchNorm needs a variance.
    pub batch_size: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Share of hidden values that dropout sets to zero, 0..1.
    pub dropout: f32,
    /// Widths of the two hidden layers.
    #[serde(default = "default_hidden")]
    pub hidden: [usize; 2],
    /// How much each class weighs in the loss.
    #[serde(default)]
    pub class_weights: ClassWeights,
    /// Label smoothing: `y·(1 − s) + s / 2` (Szegedy 2016,
    /// arXiv:1512.00567, section 7), 0..1.
    #[serde(default)]
    pub label_smoothing: f32,
    /// The epoch whose weights are kept.
    #[serde(default)]
    pub keep: Keep,
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
    /// Reduces the learning rate on a plateau.
    #[serde(default)]
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
}

/// How much each class weighs in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// One for both
    #[default]
    None,
    /// Half of all samples divided by those of the class, so that both weigh the same
    Balanced,
}

/// Which epoch's weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Those of the epoch in which this metric was best (Keras: `ModelCheckpoint(save_best_only=True)`).
    Best(Monitor),
    /// Those that early stopping counts as best (Keras: `restore_best_weights=True`).
    EarlyStopping,
}

impl std::fmt::Display for Keep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Keep::Best(Monitor::ValLoss) => f.write_str("validation loss"),
            Keep::Best(Monitor::ValAccuracy) => f.write_str("validation accuracy"),
            Keep::Best(Monitor::ValAuroc) => f.write_str("validation AUROC"),
            Keep::EarlyStopping => f.write_str("early stopping"),
        }
    }
}

impl Default for Keep {
    fn default() -> Self {
        Keep::Best(Monitor::ValLoss)
    }
}

fn default_hidden() -> [usize; 2] {
    [256, 128]
}

impl Default for TrainingConfig {
    fn default() -> Self {
        TrainingConfig {
            seed: 42,
            epochs: 20,
            batch_size: 16,
            learning_rate: 1e-4,
            dropout: 0.5,
            hidden: default_hidden(),
            class_weights: ClassWeights::Balanced,
            label_smoothing: 0.0,
            keep: Keep::default(),
            early_stopping: None,
            reduce_on_plateau: None,
        }
    }
}

impl TrainingConfig {
    /// Whether every option is in its range.
    ///
    /// # Errors
    /// [`TrainingError`] names the one that is not.
    pub fn check(&self) -> Result<(), TrainingError> {
        let share = |name, value: f32| {
            let range = TrainingError::Fraction { name, value: value.to_string() };
            if (0.0..1.0).contains(&value) { Ok(()) } else { Err(range) }
        };
        if self.batch_size < 2 {
            return Err(TrainingError::BatchTooSmall { batch_size: self.batch_size });
        }
        let within = |name, value: f64, range, is: bool| {
            let error = TrainingError::Range { name, range, value: value.to_string() };
            if is && value.is_finite() { Ok(()) } else { Err(error) }
        };
        let positive = |name, value: f64| within(name, value, "above 0", value > 0.0);
        let not_negative = |name, value: f64| within(name, value, "0 or above", value >= 0.0);
        positive("learning-rate", self.learning_rate)?;
        share("dropout", self.dropout)?;
        share("label-smoothing", self.label_smoothing)?;
        if let Some(stopping) = &self.early_stopping {
            not_negative("min-delta", stopping.min_delta)?;
        }
        if let Some(plateau) = &self.reduce_on_plateau {
            positive("plateau-factor", plateau.factor)?;
            share("plateau-factor", plateau.factor as f32)?;
            not_negative("plateau-min-delta", plateau.min_delta)?;
            not_negative("min-learning-rate", plateau.floor)?;
        }
        if self.hidden.contains(&0) {
            return Err(TrainingError::EmptyLayer);
        }
        if self.epochs == 0 {
            return Err(TrainingError::NoEpochs);
        }
        if self.keep == Keep::EarlyStopping && self.early_stopping.is_none() {
            return Err(TrainingError::NothingToRestore);
        }
        Ok(())
    }

    /// Whether these samples can be trained on like this.
    pub(super) fn check_with(&self, training: &Samples, validation: &Samples) -> Result<(), TrainingError> {
        self.check()?;
        if validation.labels.is_empty() {
            return Err(TrainingError::NoSamples { side: "validation" });
        }
        if training.labels.len() < 2 {
            return Err(TrainingError::NoSamples { side: "training" });
        }
        let positives = training.positives();
        if positives == 0 || positives == training.labels.len() {
            return Err(TrainingError::OneClass);
        }
        Ok(())
    }
}

/// Weights of the negative and the positive class for so many samples, of which so many are positive:
/// `n / (2 · n_class)` if balanced, as scikit-learn's `compute_class_weight("balanced")`.
pub(crate) fn class_weights(config: &TrainingConfig, samples: usize, positives: usize) -> Option<[f32; 2]> {
    let (all, positives) = (samples as f32, positives as f32);
    match config.class_weights {
        ClassWeights::None => None,
        ClassWeights::Balanced => Some([all / (2.0 * (all - positives)), all / (2.0 * positives)]),
    }
}
