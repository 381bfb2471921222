//! Scale and zero point of an 8-bit activation, as ONNX's QuantizeLinear and DequantizeLinear define them.

use serde::{Deserialize, Serialize};

use super::exact::power_of_two;

/// Largest value of a uint8.
const TOP: f64 = 255.0;

/// `real = scale · (byte - zero)`; ONNX operators, QuantizeLinear.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantisationParams {
    /// Real value of one quantisation step, above zero.
    pub scale: f32,
    /// The byte that stands for zero.
    pub zero: u8,
}

impl QuantisationParams {
    /// Parameters for values from `lo` to `hi`. The scale is a power of two (see `onnx::exact`). The range is widened until it
    /// holds zero: padding is zero and must stay exact (Jacob 2018, arXiv 1712.05877, section 2.1). A range that is not
    /// below zero gets the zero point 0.
    pub fn covering(lo: f64, hi: f64) -> QuantisationParams {
        let (lo, hi) = (lo.min(0.0), hi.max(0.0));
        // A tensor that is always zero: any scale is right.
        if (hi - lo) / TOP < f64::from(f32::MIN_POSITIVE) {
            return QuantisationParams { scale: 1.0, zero: 0 };
        }
        let scale = power_of_two((hi - lo) / TOP);
        let zero = (-lo / f64::from(scale)).round_ties_even().clamp(0.0, TOP) as u8;
        QuantisationParams { scale, zero }
    }

    /// The real number that `value` becomes when it is quantised and dequantised: ties to even, bytes 0..=255.
    pub fn rounded(self, value: f64) -> f64 {
        let (scale, zero) = (f64::from(self.scale), f64::from(self.zero));
        ((value / scale).round_ties_even().clamp(-zero, TOP - zero)) * scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // 0..6: the scale 6 / 255 = .0235, 2^-5 is the next power of two; zero at 0.
        assert_eq!(QuantisationParams::covering(0.0, 6.0), QuantisationParams { scale: 0.03125, zero: 0 });
        // -1..4: the scale 5 / 255 = .0196, 2^-5 again; -1 lies 32 steps below zero.
        assert_eq!(QuantisationParams::covering(-1.0, 4.0), QuantisationParams { scale: 0.03125, zero: 32 });
        // Above zero only: zero is taken in.
        assert_eq!(QuantisationParams::covering(2.0, 510.0), QuantisationParams { scale: 2.0, zero: 0 });
        assert_eq!(QuantisationParams::covering(0.0, 0.0), QuantisationParams { scale: 1.0, zero: 0 });
    }

    #[test]
    fn rounding_by_hand() {
        let params = QuantisationParams { scale: 0.5, zero: 10 };
        // 3.25 / .5 = 6.5: to the even 6.
        assert_eq!(params.rounded(3.25), 3.0);
        assert_eq!(params.rounded(-0.3), -0.5);
        // Bytes end at 0 and 255: -10 and 245 steps.
        assert_eq!(params.rounded(-100.0), -5.0);
        assert_eq!(params.rounded(1000.0), 122.5);
    }
}
