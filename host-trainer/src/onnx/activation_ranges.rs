//! What calibration found out about every activation that becomes eight bits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Observer, Steps};

/// One activation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activation {
    /// Its steps.
    pub steps: Steps,
    /// The observer that chose them.
    pub observer: Observer,
    /// Mean squared error of the steps over the mean square of the values, on the calibration images.
    pub relative_error: f64,
    /// Mean of each channel over the calibration images; used to correct biases. May be empty: biases then
    /// stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f32>,
}

/// Steps of every activation, by its name in the exported float graph.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// The activations.
    pub activations: BTreeMap<String, Activation>,
    /// Factors of the channels of some activations, by the name of the first that they apply to: what makes
    /// the channels is multiplied, what reads them divided.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub factors: BTreeMap<String, Vec<f32>>,
}

impl Calibration {
    /// How many activations each observer was chosen for.
    pub fn chosen(&self) -> BTreeMap<Observer, usize> {
        let mut counts = BTreeMap::new();
        for activation in self.activations.values() {
            *counts.entry(activation.observer).or_insert(0) += 1;
        }
        counts
    }
}
