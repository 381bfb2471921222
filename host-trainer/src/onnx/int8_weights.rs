//! Weights as int8 with one scale per output channel, symmetric about zero.
//!
//! The scheme is the one of ONNX Runtime's and TensorFlow Lite's weight quantisation (Krishnamoorthi 2018,
//! arXiv 1806.08342, section 2.3): `scale = max|w| / 127`, zero point 0, -128 unused.

use super::exact::power_of_two;
use crate::weights::Array;

/// An int8 tensor; `weight ≈ data · scales[first axis]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Int8Weights {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<i8>,
    pub(crate) scales: Vec<f32>,
}

impl Int8Weights {
    /// The real numbers that it stands for.
    pub(crate) fn reals(&self) -> Vec<f32> {
        let row = (self.data.len() / self.scales.len().max(1)).max(1);
        let rows = self.data.chunks_exact(row).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&step| f32::from(step) * scale)).collect()
    }
}

/// Quantises `weight` per element of its first axis. A channel of zeros gets the scale 1. Halves are rounded
/// to even, as ONNX's QuantizeLinear does. Elements must be finite.
pub(crate) fn per_channel(weight: &Array) -> Int8Weights {
    quantised(weight, |_, row| largest(row) / 127.0)
}

/// As [`per_channel`], with scales that are powers of two (see [`exact`](super::exact)) and no smaller than `least`
/// says for each channel. Of the power that takes in the largest weight and the next lower one, which cuts it off,
/// the one with the smaller squared error is taken.
pub(crate) fn per_channel_exact(weight: &Array, least: impl Fn(usize) -> f32) -> Int8Weights {
    let least = |channel: usize| {
        let least = f64::from(least(channel));
        if least < f64::from(f32::MIN_POSITIVE) { 0.0 } else { power_of_two(least) }
    };
    quantised(weight, |channel, row| {
        let wide = f64::from(largest(row) / 127.0);
        if wide < f64::from(f32::MIN_POSITIVE) {
            return least(channel);
        }
        let wide = power_of_two(wide);
        let error =
            |scale: f32| row.iter().map(|w| f64::from(step(*w, scale) * scale - w).powi(2)).sum::<f64>();
        let best = if error(wide / 2.0) < error(wide) { wide / 2.0 } else { wide };
        best.max(least(channel))
    })
}

fn largest(row: &[f32]) -> f32 {
    row.iter().fold(0.0_f32, |largest, w| largest.max(w.abs()))
}

fn step(weight: f32, scale: f32) -> f32 {
    (weight / scale).round_ties_even().clamp(-127.0, 127.0)
}

fn quantised(weight: &Array, scale: impl Fn(usize, &[f32]) -> f32) -> Int8Weights {
    let channels = weight.shape.first().copied().unwrap_or(0);
    let mut data = Vec::with_capacity(weight.data.len());
    let mut scales = Vec::with_capacity(channels);
    let row = (weight.data.len() / channels.max(1)).max(1);
    for (channel, row) in weight.data.chunks_exact(row).enumerate() {
        let mut scale = scale(channel, row);
        // Below the smallest normal number the quotient would lose its precision or be zero.
        if scale < f32::MIN_POSITIVE {
            scale = 1.0;
        }
        data.extend(row.iter().map(|w| step(*w, scale) as i8));
        scales.push(scale);
    }
    Int8Weights { shape: weight.shape.clone(), data, scales }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let weight = Array {
            shape: vec![3, 1, 1, 4],
            // Scales 2 (254 / 127), 1 (nothing to scale) and .5 (63.5 / 127).
            data: vec![254.0, -254.0, 3.0, 5.0, 0.0, 0.0, 0.0, 0.0, -63.5, 0.2, 0.3, 10.0],
        };
        let q = per_channel(&weight);
        assert_eq!(q.scales, [2.0, 1.0, 0.5]);
        // 3 / 2 and 5 / 2 are halves: to even, so both are 2.
        assert_eq!(q.data, [127, -127, 2, 2, 0, 0, 0, 0, -127, 0, 1, 20]);
        assert_eq!(q.shape, [3, 1, 1, 4]);
    }

    #[test]
    fn powers_of_two_by_hand() {
        // 100 / 127 -> 1. In steps of .5 the 100 would be cut to 63.5: the error of .4 is smaller.
        let weight = Array { shape: vec![2, 2], data: vec![100.0, 0.4, 64.0, 0.5] };
        let q = per_channel_exact(&weight, |_| 0.0);
        assert_eq!(q.scales, [1.0, 1.0]);
        // 64 / 127 = .504 -> 1; in steps of .5 it is cut to 63.5, as wrong as rounding .5 to 0 would be: ties keep 1.
        assert_eq!(q.data[..2], [100, 0]);
        assert_eq!(per_channel_exact(&weight, |_| 3.0).scales, [4.0, 4.0]);
    }

    #[test]
    fn reals_by_hand() {
        let q = Int8Weights { shape: vec![2, 2], data: vec![1, -2, 3, 127], scales: vec![0.5, 2.0] };
        assert_eq!(q.reals(), [0.5, -1.0, 6.0, 254.0]);
    }

    #[test]
    fn subnormal_channels_become_zero() {
        let q = per_channel(&Array { shape: vec![1, 2], data: vec![1e-40, -1e-40] });
        assert_eq!((q.data, q.scales), (vec![0, 0], vec![1.0]));
    }
}
