//! The shift of a convolution's mean output by the rounding of its weights.

/// For each output channel `Σ (rounded - weight) · mean`, over the inputs and the window (Nagel 2019, arXiv
/// 1906.04721, equation 17, with means that were measured). Padding is left out of account: at the border
/// fewer inputs take part.
///
/// `weight` and `rounded` are `[outputs, inputs / groups, window]` flat, `means` one element an input.
pub(crate) fn mean_shift(
    weight: &[f32],
    rounded: &[f32],
    outputs: usize,
    groups: usize,
    means: &[f32],
) -> Vec<f64> {
    let outputs_a_group = (outputs / groups.max(1)).max(1);
    let inputs_a_group = (means.len() / groups.max(1)).max(1);
    let row = (weight.len() / outputs.max(1)).max(1);
    let window = (row / inputs_a_group).max(1);
    weight
        .chunks_exact(row)
        .zip(rounded.chunks_exact(row))
        .enumerate()
        .map(|(output, (weight, rounded))| {
            let first = output / outputs_a_group * inputs_a_group;
            let windows = weight.chunks_exact(window).zip(rounded.chunks_exact(window));
            windows
                .zip(&means[first..])
                .map(|((weight, rounded), mean)| {
                    let error: f64 =
                        weight.iter().zip(rounded).map(|(w, r)| f64::from(*r) - f64::from(*w)).sum();
                    error * f64::from(*mean)
                })
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_by_hand() {
        // One output, two inputs, window of two: errors .5 + 0 and -1 + .25, means 4 and 2.
        let shift = mean_shift(&[1.0, 2.0, 3.0, 4.0], &[1.5, 2.0, 2.0, 4.25], 1, 1, &[4.0, 2.0]);
        assert_eq!(shift, [0.5 * 4.0 - 0.75 * 2.0]);
        // Two outputs of one input each.
        assert_eq!(mean_shift(&[1.0, 2.0], &[1.25, 1.0], 2, 1, &[8.0]), [2.0, -8.0]);
    }

    #[test]
    fn depthwise_by_hand() {
        let shift = mean_shift(&[1.0, 1.0, 1.0, 1.0], &[1.5, 1.5, 1.0, 0.0], 2, 2, &[3.0, 10.0]);
        assert_eq!(shift, [3.0, -10.0]);
    }
}
