//! Layers of a backbone as ONNX nodes: read from a weight set, checked, folded and stored in the wanted precision.

use xray_core::package::Precision;

use super::GraphError;
use super::activations::ActivationWriter;
use super::constants::{affine_nodes, finite, weight_value};
use super::exact;
use super::fold::{self, Affine};
use super::graph::{Attribute, Graph, Value};
use super::quantised_conv;
use crate::head::BatchNorm;
use crate::weights::{Array, Padding, WeightSet};

/// Shape and step of a square convolution without bias.
#[derive(Clone, Copy)]
pub(crate) struct Conv {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// 1, or `input` for a depthwise convolution.
    pub(crate) groups: usize,
}

/// Writes one backbone's layers.
pub(crate) struct Layers<'a> {
    pub(crate) graph: &'a mut Graph,
    pub(crate) set: &'a WeightSet,
    pub(crate) precision: Precision,
    pub(crate) activations: &'a mut ActivationWriter,
}

impl Layers<'_> {
    /// A convolution, with the BatchNorm behind it folded in if `norm` names one.
    pub(crate) fn conv(
        &mut self,
        x: &Value,
        name: &str,
        norm: Option<&str>,
        conv: Conv,
    ) -> Result<Value, GraphError> {
        let tensor = format!("{name}.weight");
        let shape = [conv.output, conv.input / conv.groups.max(1), conv.kernel, conv.kernel];
        let raw = self.array(&tensor, &shape)?;
        let (weight, bias) = match norm {
            Some(norm) => {
                let (weight, bias) = fold::after(raw, &self.affine(norm, conv.output)?);
                finite(self.set.backbone.name(), norm, weight.data.iter().chain(&bias))?;
                (weight, Some(bias))
            }
            None => (raw.clone(), None),
        };
        let mut inputs = vec![x.clone()];
        if let Some(input) = self.activations.range_of(x) {
            inputs.extend(quantised_conv::inputs(self.graph, name, &weight, bias, conv.groups, input));
        } else {
            inputs.push(weight_value(self.graph, &tensor, &weight, self.precision));
            if let Some(bias) = bias {
                inputs.push(self.graph.floats(&format!("{name}.bias"), &[conv.output], &bias));
            }
        }
        let attributes = [
            ("group", Attribute::Int(conv.groups as i64)),
            ("kernel_shape", Attribute::Ints(vec![conv.kernel as i64; 2])),
            ("pads", Attribute::Ints(self.pads(conv))),
            ("strides", Attribute::Ints(vec![conv.stride as i64; 2])),
        ];
        Ok(self.graph.node("Conv", name, &inputs.iter().collect::<Vec<_>>(), &attributes))
    }

    /// A BatchNorm that has no convolution before it, as a multiplication and an addition: the two that tract
    /// makes of a BatchNormalization node when it loads it, at half the parameters.
    pub(crate) fn norm(&mut self, x: &Value, name: &str, channels: usize) -> Result<Value, GraphError> {
        let (mut scale, mut shift) = self.affine(name, channels)?.to_f32();
        if let Some(input_scales) = self.activations.scales_of(x, channels) {
            for ((scale, shift), input_scale) in scale.iter_mut().zip(&mut shift).zip(input_scales) {
                (*scale, *shift) = exact::affine(*scale, *shift, input_scale);
            }
        }
        finite(self.set.backbone.name(), name, scale.iter().chain(&shift))?;
        Ok(affine_nodes(self.graph, x, name, &scale, &shift))
    }

    pub(crate) fn relu(&mut self, x: &Value, name: &str) -> Value {
        self.graph.node("Relu", name, &[x], &[])
    }

    /// `x` in 8 bits, if the graph is quantised.
    pub(crate) fn quantise(&mut self, x: &Value) -> Result<Value, GraphError> {
        self.activations.quantise(self.graph, x)
    }

    /// The same by the range of `like`, of whose values `x` holds some.
    pub(crate) fn quantise_like(&mut self, x: &Value, like: &Value) -> Value {
        self.activations.quantise_like(self.graph, x, like)
    }

    /// Mean over height and width, as `[1, channels]`.
    pub(crate) fn pooled(&mut self, x: &Value) -> Value {
        let pooled = self.graph.node("GlobalAveragePool", "pool", &[x], &[]);
        self.graph.node("Flatten", "flatten", &[&pooled], &[("axis", Attribute::Int(1))])
    }

    /// Top, left, bottom, right.
    fn pads(&self, conv: Conv) -> Vec<i64> {
        let pad = (conv.kernel / 2) as i64;
        let short = conv.stride == 2 && pad > 0 && self.set.conventions.padding == Padding::TopLeftShort;
        let first = if short { pad - 1 } else { pad };
        vec![first, first, pad, pad]
    }

    fn affine(&self, name: &str, channels: usize) -> Result<Affine, GraphError> {
        let vector =
            |part: &str| self.array(&format!("{name}.{part}"), &[channels]).map(|array| array.data.clone());
        Ok(Affine::new(&BatchNorm {
            gamma: vector("weight")?,
            beta: vector("bias")?,
            mean: vector("running_mean")?,
            variance: vector("running_var")?,
            epsilon: self.set.conventions.bn_epsilon,
        }))
    }

    fn array(&self, name: &str, shape: &[usize]) -> Result<&Array, GraphError> {
        let array = self.set.tensor(name)?;
        if array.shape != shape || array.data.len() != shape.iter().product::<usize>() {
            return Err(GraphError::Shape {
                backbone: self.set.backbone.name(),
                tensor: name.to_owned(),
                expected: shape.to_vec(),
                found: array.shape.clone(),
            });
        }
        finite(self.set.backbone.name(), name, &array.data)?;
        Ok(array)
    }
}
