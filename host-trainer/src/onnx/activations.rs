//! Where activations become 8 bits. Each net marks these places; what is written there depends on the purpose of the graph.

use std::collections::BTreeMap;

use super::GraphError;
use super::activation_ranges::{ActivationRange, ActivationRanges};
use super::graph::{Graph, Value};

/// What is written where an activation becomes 8 bits.
pub(crate) enum ActivationMode {
    /// Nothing: the graph computes in float.
    Float,
    /// Nothing, but the name of the activation is kept, so that its range can be measured.
    Observed,
    /// QuantizeLinear and DequantizeLinear.
    Quantised(ActivationRanges),
}

/// Quantises or observes the activations of a graph.
pub(crate) struct ActivationWriter {
    mode: ActivationMode,
    observed: Vec<String>,
    /// Outputs of DequantizeLinear, by the name of the float activation.
    dequantised: BTreeMap<String, Value>,
    /// The range behind each DequantizeLinear, by the name of its output.
    ranges: BTreeMap<String, ActivationRange>,
    /// The scale of each channel of a concatenation, by its name.
    concat_scales: BTreeMap<String, Vec<f32>>,
}

impl ActivationWriter {
    pub(crate) fn new(mode: ActivationMode) -> ActivationWriter {
        ActivationWriter {
            mode,
            observed: Vec::new(),
            dequantised: BTreeMap::new(),
            ranges: BTreeMap::new(),
            concat_scales: BTreeMap::new(),
        }
    }

    /// The names of the observed activations, in the order of the graph.
    pub(crate) fn into_observed(self) -> Vec<String> {
        self.observed
    }

    /// `x` quantised and dequantised by its own range; written once, however often it is asked for.
    pub(crate) fn quantise(&mut self, graph: &mut Graph, x: &Value) -> Result<Value, GraphError> {
        match &self.mode {
            ActivationMode::Float => Ok(x.clone()),
            ActivationMode::Observed => {
                if !self.observed.iter().any(|name| name == x.name()) {
                    self.observed.push(x.name().to_owned());
                }
                Ok(x.clone())
            }
            ActivationMode::Quantised(ranges) => {
                if let Some(dequantised) = self.dequantised.get(x.name()) {
                    return Ok(dequantised.clone());
                }
                let missing = || GraphError::NoRange { activation: x.name().to_owned() };
                let range = ranges.activations.get(x.name()).ok_or_else(missing)?.clone();
                Ok(self.write(graph, x, range))
            }
        }
    }

    /// `x` quantised by the range of `like`, of whose values it holds some.
    pub(crate) fn quantise_like(&mut self, graph: &mut Graph, x: &Value, like: &Value) -> Value {
        match self.ranges.get(like.name()).cloned() {
            // The means are those of the other tensor.
            Some(range) => self.write(graph, x, ActivationRange { means: Vec::new(), ..range }),
            None => x.clone(),
        }
    }

    /// The range that `x` was dequantised with, if it was.
    pub(crate) fn range_of(&self, x: &Value) -> Option<&ActivationRange> {
        self.ranges.get(x.name())
    }

    /// The scale of each of the `channels` of `x`, if `x` was dequantised as a whole or in parts.
    pub(crate) fn scales_of(&self, x: &Value, channels: usize) -> Option<Vec<f32>> {
        let whole = || Some(vec![self.range_of(x)?.params.scale; channels]);
        self.concat_scales.get(x.name()).cloned().or_else(whole)
    }

    /// Records the parts of a concatenation: values and their numbers of channels.
    pub(crate) fn record_concat(&mut self, x: &Value, parts: [(&Value, usize); 2]) {
        let scales: Option<Vec<_>> =
            parts.iter().map(|(part, channels)| self.scales_of(part, *channels)).collect();
        if let Some(scales) = scales {
            self.concat_scales.insert(x.name().to_owned(), scales.concat());
        }
    }

    fn write(&mut self, graph: &mut Graph, x: &Value, range: ActivationRange) -> Value {
        let name = graph.local(x).to_owned();
        let scale = graph.floats(&format!("{name}.q.scale"), &[], &[range.params.scale]);
        let zero = graph.unsigned_bytes(&format!("{name}.q.zero"), &[], &[range.params.zero]);
        let q = graph.node("QuantizeLinear", &format!("{name}.q"), &[x, &scale, &zero], &[]);
        let dq = graph.node("DequantizeLinear", &format!("{name}.dq"), &[&q, &scale, &zero], &[]);
        self.dequantised.insert(x.name().to_owned(), dq.clone());
        self.ranges.insert(dq.name().to_owned(), range);
        dq
    }
}
