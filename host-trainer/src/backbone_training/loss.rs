//! The parts of the loss, each a mean in nats, `[1]`.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, log_softmax};

/// Weight of the labels beside a teacher.
pub(super) const LABELS_BESIDE_TEACHER: f64 = 0.5;
/// Weight of the teacher's pooled features beside its output, which has weight 1.
pub(super) const TEACHER_FEATURES: f64 = 1.5;
/// Keeps the cosine of a vector of zeros defined, as PyTorch's `cosine_similarity` does.
const SHORTEST: f64 = 1e-8;

/// Binary cross-entropy of logits against probabilities, times a weight for each image; all are `[images]`.
pub(super) fn binary(logits: Tensor<1>, targets: Tensor<1>, weights: Option<Tensor<1>>) -> Tensor<1> {
    let negative = log_sigmoid(logits.clone().neg());
    // t·ln σ(x) + (1 − t)·ln σ(−x), in a form that uses each once.
    let likelihood = (log_sigmoid(logits) - negative.clone()) * targets + negative;
    let likelihood = match weights {
        Some(weights) => likelihood * weights,
        None => likelihood,
    };
    likelihood.mean().neg()
}

/// Cross-entropy of logits against one of several classes; both are `[images, classes]`. `targets` is 1 at the class; rows of
/// zeros are images without one, of which there are not as many as images: `known` counts the others.
pub(super) fn subclasses(logits: Tensor<2>, targets: Tensor<2>, known: usize) -> Tensor<1> {
    (log_softmax(logits, 1) * targets).sum().div_scalar(known as f64).neg()
}

/// One minus the cosine between vectors, `[images, features]` both.
pub(super) fn cosine_distance(vectors: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let length = |vectors: Tensor<2>| vectors.square().sum_dim(1).sqrt().clamp_min(SHORTEST);
    let products = (vectors.clone() * targets.clone()).sum_dim(1);
    (products / (length(vectors) * length(targets))).mean().neg().add_scalar(1.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use burn::tensor::{Device, TensorData};

    use super::*;

    fn vector(values: &[f32]) -> Tensor<1> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
    }

    fn rows<const N: usize>(values: [[f32; N]; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::from(values), &Device::flex())
    }

    fn is(loss: Tensor<1>, expected: f64) {
        let value = f64::from(loss.into_data().try_to_vec::<f32>().unwrap()[0]);
        assert!((value - expected).abs() < 1e-6, "{value} against {expected}");
    }

    /// `−t·ln σ(x) − (1 − t)·ln(1 − σ(x))`: .97 · .126928 + .03 · 2.126928 = .186928 for x = 2 and t = .97;
    /// .03 · 1.313262 + .97 · .313262 = .343262 for x = −1 and t = .03.
    #[test]
    fn binary_cross_entropy_by_hand() {
        let (logits, targets) = (vector(&[2.0, -1.0]), vector(&[0.97, 0.03]));
        is(binary(logits.clone(), targets.clone(), None), f64::midpoint(0.186_928_0, 0.343_261_7));
        let weights = vector(&[2.0, 0.5]);
        is(binary(logits, targets, Some(weights)), f64::midpoint(2.0 * 0.186_928_0, 0.5 * 0.343_261_7));
        // A logit whose exponential is no finite float.
        is(binary(vector(&[-200.0]), vector(&[1.0]), None), 200.0);
    }

    /// −ln(e² / (e⁰ + e¹ + e²)) = .407606 for the first; the second image has no class.
    #[test]
    fn an_image_without_a_subclass_adds_nothing() {
        let logits = rows([[0.0, 1.0, 2.0], [5.0, -5.0, 1.0]]);
        is(subclasses(logits, rows([[0.0, 0.0, 1.0], [0.0; 3]]), 1), 0.407_606);
    }

    /// Cosines: 3·4 + 4·3 = 24 of 25, and −1.
    #[test]
    fn cosines_by_hand() {
        let (a, b) = (rows([[3.0, 4.0], [1.0, 0.0]]), rows([[4.0, 3.0], [-2.0, 0.0]]));
        is(cosine_distance(a, b), 1.0 - f64::midpoint(0.96, -1.0));
    }
}
