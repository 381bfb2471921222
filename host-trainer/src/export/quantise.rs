//! Weights as int8 with one scale per output channel, symmetric about zero.
//!
//! The scheme is the one of ONNX Runtime's and TensorFlow Lite's weight quantisation (Krishnamoorthi 2018,
//! arXiv 1806.08342, section 2.3): `scale = max|w| / 127`, zero point 0, -128 unused.

use crate::weights::Array;

/// An int8 tensor; `weight ≈ data · scales[first axis]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantised {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<i8>,
    pub(crate) scales: Vec<f32>,
}

impl Quantised {
    /// The real numbers that it stands for.
    pub(crate) fn reals(&self) -> Vec<f32> {
        let row = (self.data.len() / self.scales.len().max(1)).max(1);
        let rows = self.data.chunks_exact(row).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&step| f32::from(step) * scale)).collect()
    }
}

/// Quantises `weight` per element of its first axis. A channel of zeros gets the scale 1. Halves are rounded
/// to even, as ONNX's QuantizeLinear does. Elements must be finite.
pub(crate) fn per_channel(weight: &Array) -> Quantised {
    per_channel_at_least(weight, |_| 0.0)
}

/// As [`per_channel`], with scales that are no smaller than `least` says for each channel.
pub(crate) fn per_channel_at_least(weight: &Array, least: impl Fn(usize) -> f32) -> Quantised {
    let channels = weight.shape.first().copied().unwrap_or(0);
    let mut data = Vec::with_capacity(weight.data.len());
    let mut scales = Vec::with_capacity(channels);
    let row = (weight.data.len() / channels.max(1)).max(1);
    for (channel, row) in weight.data.chunks_exact(row).enumerate() {
        let largest = row.iter().fold(0.0_f32, |largest, w| largest.max(w.abs()));
        let mut scale = (largest / 127.0).max(least(channel));
        // Below the smallest normal number the quotient would lose its precision or be zero.
        if scale < f32::MIN_POSITIVE {
            scale = 1.0;
        }
        data.extend(row.iter().map(|w| (w / scale).round_ties_even().clamp(-127.0, 127.0) as i8));
        scales.push(scale);
    }
    Quantised { shape: weight.shape.clone(), data, scales }
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
    fn reals_by_hand() {
        let q = Quantised { shape: vec![2, 2], data: vec![1, -2, 3, 127], scales: vec![0.5, 2.0] };
        assert_eq!(q.reals(), [0.5, -1.0, 6.0, 254.0]);
    }

    #[test]
    fn subnormal_channels_become_zero() {
        let q = per_channel(&Array { shape: vec![1, 2], data: vec![1e-40, -1e-40] });
        assert_eq!((q.data, q.scales), (vec![0, 0], vec![1.0]));
    }
}
