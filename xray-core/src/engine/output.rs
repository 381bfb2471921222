//! What a model says of one image.

use xray_engine::{Array, GraphError, Runner};

use super::EngineError;
use crate::heat_map::HeatMap;
use crate::preprocess::InputTensor;

/// A probability of the positive label as the network gave it, 0..1; not calibrated.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    fn new(value: f32) -> Result<Self, EngineError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Probability(f64::from(value)))
        } else {
            Err(EngineError::NotAProbability { value: value.to_string() })
        }
    }

    /// The number, 0..1.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// What a model says of one image. Made by an [`Engine`](super::Engine) only.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    probability: Probability,
    features: Vec<f32>,
    heat_map: Option<HeatMap>,
}

impl Output {
    /// Runs a graph that takes images of `size` pixels a side and gives the probability, the features and, where the
    /// model has one, the heat map.
    pub(super) fn of(runner: &impl Runner, size: usize, input: &InputTensor) -> Result<Output, EngineError> {
        if input.size() != size {
            return Err(EngineError::InputSize { expected: size, found: input.size() });
        }
        let failed = |reason: String| EngineError::Run { reason };
        let outputs = runner.run(&[1, 3, size, size], input.as_slice()).map_err(|error| match error {
            GraphError::Run { reason } | GraphError::Load { reason } => failed(reason),
            GraphError::Threads { count, reason } => EngineError::Threads { count, reason },
        })?;
        if !(2..=3).contains(&outputs.len()) {
            return Err(failed(format!("{} outputs where two or three were expected", outputs.len())));
        }
        let mut outputs = outputs.into_iter();
        let (probability, features) =
            (outputs.next().unwrap_or_default(), outputs.next().unwrap_or_default());
        let probability = probability
            .values
            .first()
            .copied()
            .ok_or_else(|| failed("the probability is empty".to_owned()))?;
        let heat_map = outputs
            .next()
            .map(|Array { shape, values }| HeatMap::new(shape.last().copied().unwrap_or(0), values));
        let heat_map = heat_map.transpose().map_err(EngineError::NotAHeatMap)?;
        Ok(Output { probability: Probability::new(probability)?, features: features.values, heat_map })
    }

    /// Probability of the positive label.
    pub fn probability(&self) -> Probability {
        self.probability
    }

    /// The pooled features of the backbones, joined in the order that the contract names them.
    pub fn features(&self) -> &[f32] {
        &self.features
    }

    /// Where in the image the score comes from; none if the model has no such output.
    pub fn heat_map(&self) -> Option<&HeatMap> {
        self.heat_map.as_ref()
    }

    /// As [`Output::heat_map`], without a copy.
    pub fn into_heat_map(self) -> Option<HeatMap> {
        self.heat_map
    }
}
