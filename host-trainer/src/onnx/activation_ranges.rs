//! The ranges of activations measured on calibration images, as quantisation parameters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::QuantisationParams;

/// How the range of an activation was chosen; `quantise::observers` has the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observer {
    /// Least to greatest value.
    MinMax,
    /// All but 0.01% at each end that is not zero.
    Percentile,
    /// Least mean squared error.
    SquaredError,
    /// Least Kullback-Leibler divergence.
    Entropy,
}

impl Observer {
    /// All observers, the simplest first.
    pub const ALL: [Observer; 4] =
        [Observer::MinMax, Observer::Percentile, Observer::SquaredError, Observer::Entropy];

    pub fn name(self) -> &'static str {
        match self {
            Observer::MinMax => "min-max",
            Observer::Percentile => "percentile",
            Observer::SquaredError => "squared error",
            Observer::Entropy => "entropy",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivationRange {
    #[serde(rename = "steps")]
    pub params: QuantisationParams,
    pub observer: Observer,
    /// Mean squared error of quantising over the mean square of the values, on the calibration images.
    pub relative_error: f64,
    /// Mean of each channel over the calibration images, for bias correction. If empty, biases stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f32>,
}

/// The ranges of all activations, by their names in the float graph.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActivationRanges {
    pub activations: BTreeMap<String, ActivationRange>,
    /// Equalisation factors of the channels of some activations, by the name of the first activation that they apply to:
    /// the layer that produces the channels is multiplied by them, the layers that read them are divided.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub factors: BTreeMap<String, Vec<f32>>,
}

impl ActivationRanges {
    /// For how many activations each observer was chosen.
    pub fn observer_counts(&self) -> BTreeMap<Observer, usize> {
        let mut counts = BTreeMap::new();
        for activation in self.activations.values() {
            *counts.entry(activation.observer).or_insert(0) += 1;
        }
        counts
    }
}
