//! The activations that become eight bits in a quantised graph. Each net names them where they occur; what is
//! written there depends on what the graph is for.

use std::collections::BTreeMap;

use super::ExportError;
use super::graph::{Graph, Value};
use crate::quantise::{Activation, Calibration};

/// What is written where an activation becomes eight bits.
pub(crate) enum Mode {
    /// Nothing: the graph computes in float.
    Float,
    /// Nothing, but its name is noted, so that it can be looked at.
    Observed,
    /// QuantizeLinear and DequantizeLinear.
    Quantised(Calibration),
}

/// Writes or notes the activations of a graph.
pub(crate) struct Rounding {
    mode: Mode,
    noted: Vec<String>,
    /// What was rounded, by its name in float.
    rounded: BTreeMap<String, Value>,
    /// The activation behind a DequantizeLinear, by the name of that.
    behind: BTreeMap<String, Activation>,
    /// The step of each channel of a concatenation, by its name.
    joined: BTreeMap<String, Vec<f32>>,
}

impl Rounding {
    pub(crate) fn new(mode: Mode) -> Rounding {
        Rounding {
            mode,
            noted: Vec::new(),
            rounded: BTreeMap::new(),
            behind: BTreeMap::new(),
            joined: BTreeMap::new(),
        }
    }

    /// The names that were noted, in the order in which an image meets them.
    pub(crate) fn into_noted(self) -> Vec<String> {
        self.noted
    }

    /// `x` in eight bits, by its own steps; written once, however often it is asked for.
    pub(crate) fn round(&mut self, graph: &mut Graph, x: &Value) -> Result<Value, ExportError> {
        match &self.mode {
            Mode::Float => Ok(x.clone()),
            Mode::Observed => {
                if !self.noted.iter().any(|name| name == x.name()) {
                    self.noted.push(x.name().to_owned());
                }
                Ok(x.clone())
            }
            Mode::Quantised(calibration) => {
                if let Some(rounded) = self.rounded.get(x.name()) {
                    return Ok(rounded.clone());
                }
                let not_calibrated = || ExportError::NotCalibrated { activation: x.name().to_owned() };
                let activation = calibration.activations.get(x.name()).ok_or_else(not_calibrated)?.clone();
                Ok(self.write(graph, x, activation))
            }
        }
    }

    /// `x` in eight bits by the steps of `like`, of whose values it takes some.
    pub(crate) fn round_like(&mut self, graph: &mut Graph, x: &Value, like: &Value) -> Value {
        match self.behind.get(like.name()).cloned() {
            // The means are those of the other tensor.
            Some(activation) => self.write(graph, x, Activation { means: Vec::new(), ..activation }),
            None => x.clone(),
        }
    }

    /// The activation that `x` was read back from, if it is one.
    pub(crate) fn behind(&self, x: &Value) -> Option<&Activation> {
        self.behind.get(x.name())
    }

    /// The step of each of the `channels` of `x`, if it was read back from eight bits, whole or in parts.
    pub(crate) fn steps(&self, x: &Value, channels: usize) -> Option<Vec<f32>> {
        let whole = || Some(vec![self.behind(x)?.steps.scale; channels]);
        self.joined.get(x.name()).cloned().or_else(whole)
    }

    /// Notes what a concatenation is made of: values and their numbers of channels.
    pub(crate) fn join(&mut self, x: &Value, parts: [(&Value, usize); 2]) {
        let steps: Option<Vec<_>> =
            parts.iter().map(|(part, channels)| self.steps(part, *channels)).collect();
        if let Some(steps) = steps {
            self.joined.insert(x.name().to_owned(), steps.concat());
        }
    }

    fn write(&mut self, graph: &mut Graph, x: &Value, activation: Activation) -> Value {
        let name = graph.local(x).to_owned();
        let scale = graph.floats(&format!("{name}.q.scale"), &[], &[activation.steps.scale]);
        let zero = graph.unsigned_bytes(&format!("{name}.q.zero"), &[], &[activation.steps.zero]);
        let q = graph.node("QuantizeLinear", &format!("{name}.q"), &[x, &scale, &zero], &[]);
        let dq = graph.node("DequantizeLinear", &format!("{name}.dq"), &[&q, &scale, &zero], &[]);
        self.rounded.insert(x.name().to_owned(), dq.clone());
        self.behind.insert(dq.name().to_owned(), activation);
        dq
    }
}
