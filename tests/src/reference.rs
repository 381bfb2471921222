//! The classifier head in double precision, as the answer that exported files are compared with.

use host_trainer::head::{BatchNorm, Dense, HeadWeights};

fn norm(x: &[f64], norm: &BatchNorm) -> Vec<f64> {
    let scaled = |(i, x): (usize, &f64)| {
        let deviation = (f64::from(norm.variance[i]) + f64::from(norm.epsilon)).sqrt();
        (x - f64::from(norm.mean[i])) / deviation * f64::from(norm.gamma[i]) + f64::from(norm.beta[i])
    };
    x.iter().enumerate().map(scaled).collect()
}

fn dense(x: &[f64], dense: &Dense) -> Vec<f64> {
    let row = |(weights, bias): (&[f32], &f32)| {
        weights.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias)
    };
    dense.weight.data.chunks_exact(x.len()).zip(&dense.bias).map(row).collect()
}

/// The probability of these features under a head.
pub fn head_probability(features: &[f32], head: &HeadWeights) -> f64 {
    let relu = |x: Vec<f64>| x.into_iter().map(|x| x.max(0.0)).collect::<Vec<_>>();
    let x: Vec<f64> = features.iter().map(|x| f64::from(*x)).collect();
    let x = relu(dense(&norm(&x, &head.norm1), &head.dense1));
    let x = relu(dense(&norm(&x, &head.norm2), &head.dense2));
    1.0 / (1.0 + (-dense(&x, &head.dense3)[0]).exp())
}
