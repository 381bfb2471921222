//! Folds BatchNorm into the layer before or after it, in float64 so that folding adds no error.

use crate::head::{BatchNorm, Dense};
use crate::weights::Array;

/// BatchNorm as `y = scale · x + shift`, one element a channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Affine {
    pub(crate) scale: Vec<f64>,
    pub(crate) shift: Vec<f64>,
}

impl Affine {
    /// `scale = gamma / sqrt(variance + epsilon)`, `shift = beta - scale · mean`.
    pub(crate) fn new(norm: &BatchNorm) -> Affine {
        let scale: Vec<f64> = norm
            .gamma
            .iter()
            .zip(&norm.variance)
            .map(|(&gamma, &variance)| {
                f64::from(gamma) / (f64::from(variance) + f64::from(norm.epsilon)).sqrt()
            })
            .collect();
        let shift = norm
            .beta
            .iter()
            .zip(&norm.mean)
            .zip(&scale)
            .map(|((&beta, &mean), scale)| f64::from(beta) - scale * f64::from(mean))
            .collect();
        Affine { scale, shift }
    }

    /// The two vectors in float32.
    pub(crate) fn to_f32(&self) -> (Vec<f32>, Vec<f32>) {
        let cast = |v: &[f64]| v.iter().map(|&x| x as f32).collect();
        (cast(&self.scale), cast(&self.shift))
    }
}

/// A layer without bias followed by BatchNorm, as one layer: every output channel (first axis) of `weight`
/// is multiplied by its scale, and the shift is the bias.
pub(crate) fn after(weight: &Array, norm: &Affine) -> (Array, Vec<f32>) {
    let per_channel = weight.data.len() / norm.scale.len().max(1);
    let data = weight
        .data
        .chunks_exact(per_channel.max(1))
        .zip(&norm.scale)
        .flat_map(|(row, scale)| row.iter().map(move |&w| (f64::from(w) * scale) as f32))
        .collect();
    (Array { shape: weight.shape.clone(), data }, norm.to_f32().1)
}

/// BatchNorm followed by a linear layer, as one linear layer: `W · (scale · x + shift) + b`.
pub(crate) fn before(norm: &Affine, dense: &Dense) -> Dense {
    let inputs = norm.scale.len().max(1);
    let mut data = Vec::with_capacity(dense.weight.data.len());
    let mut bias = Vec::with_capacity(dense.bias.len());
    for (row, &b) in dense.weight.data.chunks_exact(inputs).zip(&dense.bias) {
        let mut sum = f64::from(b);
        for ((&w, scale), shift) in row.iter().zip(&norm.scale).zip(&norm.shift) {
            sum += f64::from(w) * shift;
            data.push((f64::from(w) * scale) as f32);
        }
        bias.push(sum as f32);
    }
    Dense { weight: Array { shape: dense.weight.shape.clone(), data }, bias }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm() -> BatchNorm {
        BatchNorm {
            gamma: vec![6.0, -1.0],
            beta: vec![1.0, 0.5],
            mean: vec![2.0, -4.0],
            variance: vec![8.75, 3.75],
            epsilon: 0.25,
        }
    }

    #[test]
    fn affine_by_hand() {
        // sqrt(9) = 3 and sqrt(4) = 2: scales 2 and -1/2; shifts 1 - 2·2 = -3 and .5 - (-.5)(-4) = -1.5.
        let affine = Affine::new(&norm());
        assert_eq!(affine.scale, [2.0, -0.5]);
        assert_eq!(affine.shift, [-3.0, -1.5]);
    }

    #[test]
    fn after_a_convolution_by_hand() {
        let weight = Array { shape: vec![2, 1, 1, 2], data: vec![1.0, -2.0, 4.0, 0.5] };
        let (folded, bias) = after(&weight, &Affine::new(&norm()));
        assert_eq!(folded, Array { shape: vec![2, 1, 1, 2], data: vec![2.0, -4.0, -2.0, -0.25] });
        assert_eq!(bias, [-3.0, -1.5]);
    }

    #[test]
    fn before_a_linear_layer_by_hand() {
        let dense = Dense {
            weight: Array { shape: vec![3, 2], data: vec![1.0, 2.0, -1.0, 0.0, 0.5, 4.0] },
            bias: vec![10.0, 20.0, 30.0],
        };
        let folded = before(&Affine::new(&norm()), &dense);
        // Biases: 10 + (1·-3 + 2·-1.5) = 4, 20 + 3 = 23, 30 + (-1.5 - 6) = 22.5.
        assert_eq!(folded.weight.data, [2.0, -1.0, -2.0, 0.0, 1.0, -2.0]);
        assert_eq!(folded.bias, [4.0, 23.0, 22.5]);
    }
}
