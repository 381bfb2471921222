//! Weights and bias of a convolution in a quantised graph: int8 and int32, each behind a DequantizeLinear.

use super::activation_ranges::ActivationRange;
use super::bias_correction;
use super::constants::int8_value;
use super::graph::{Attribute, Graph, Value};
use super::int8_weights::{self, Int8Weights};
use crate::weights::Array;

/// Largest bias in units of input scale times weight scale: with the sum of products it stays where float32 is exact.
const LARGEST_BIAS: f64 = (1 << 22) as f64;

/// Weight and bias as inputs of a Conv node that reads `input`. Without a bias there is one only if the means
/// of the input are known, and then it takes off what rounding the weights adds to the mean.
pub(crate) fn inputs(
    graph: &mut Graph,
    name: &str,
    weight: &Array,
    bias: Option<Vec<f32>>,
    groups: usize,
    input: &ActivationRange,
) -> Vec<Value> {
    let (rounded, bias) = rounded(weight, bias, groups, input);
    let mut inputs = vec![int8_value(graph, &format!("{name}.weight"), &rounded)];
    if let Some(bias) = bias {
        let product = |scale: &f32| scale * input.params.scale;
        let scales: Vec<f32> = rounded.scales.iter().map(product).collect();
        let limit = f64::from(i32::MAX);
        let values: Vec<i32> = bias
            .iter()
            .zip(&scales)
            .map(|(bias, scale)| (bias / f64::from(*scale)).round_ties_even().clamp(-limit, limit) as i32)
            .collect();
        inputs.push(int32_value(graph, &format!("{name}.bias"), &values, &scales));
    }
    inputs
}

/// Int8 weights and the corrected bias.
fn rounded(
    weight: &Array,
    bias: Option<Vec<f32>>,
    groups: usize,
    input: &ActivationRange,
) -> (Int8Weights, Option<Vec<f64>>) {
    let outputs = weight.shape.first().copied().unwrap_or(0);
    let wide: Option<Vec<f64>> = bias.map(|bias| bias.into_iter().map(f64::from).collect());
    let least = |output: usize| match &wide {
        Some(bias) => (bias[output].abs() / (LARGEST_BIAS * f64::from(input.params.scale))) as f32,
        None => 0.0,
    };
    let rounded = int8_weights::per_channel_exact(weight, least);
    if input.means.is_empty() {
        return (rounded, wide);
    }
    let shift = bias_correction::mean_shift(&weight.data, &rounded.reals(), outputs, groups, &input.means);
    let bias = wide.unwrap_or_else(|| vec![0.0; outputs]);
    let corrected = bias.iter().zip(shift).map(|(bias, shift)| bias - shift).collect();
    (rounded, Some(corrected))
}

fn int32_value(graph: &mut Graph, name: &str, values: &[i32], scales: &[f32]) -> Value {
    let count = [values.len()];
    let data = graph.integers(&format!("{name}.int32"), &count, values);
    let scale = graph.floats(&format!("{name}.scale"), &count, scales);
    let zero = graph.integers(&format!("{name}.zero"), &count, &vec![0; values.len()]);
    graph.node("DequantizeLinear", name, &[&data, &scale, &zero], &[("axis", Attribute::Int(0))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Observer, QuantisationParams};

    fn input(means: Vec<f32>) -> ActivationRange {
        let params = QuantisationParams { scale: 0.5, zero: 0 };
        ActivationRange { params, observer: Observer::MinMax, relative_error: 0.0, means }
    }

    #[test]
    fn bias_takes_the_shift_off() {
        // Scale 1: 127 stays, 10.25 becomes 10. With a mean of 8 the output falls by 2; the bias gives it back.
        let weight = Array { shape: vec![1, 2, 1, 1], data: vec![127.0, 10.25] };
        let (rounded, bias) = super::rounded(&weight, Some(vec![3.0]), 1, &input(vec![5.0, 8.0]));
        assert_eq!(rounded.data, [127, 10]);
        assert_eq!(bias, Some(vec![5.0]));
        assert_eq!(super::rounded(&weight, None, 1, &input(vec![5.0, 8.0])).1, Some(vec![2.0]));
        assert_eq!(super::rounded(&weight, None, 1, &input(vec![])).1, None);
    }

    #[test]
    fn a_channel_without_weights_keeps_its_bias() {
        let weight = Array { shape: vec![1, 1, 1, 1], data: vec![0.0] };
        let (rounded, _) = super::rounded(&weight, Some(vec![2.0]), 1, &input(vec![]));
        // 2 / (2^22 · .5) = 2^-20.
        assert_eq!(rounded.scales, [2.0_f32.powi(-20)]);
    }
}
