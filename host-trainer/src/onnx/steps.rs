//! Eight-bit steps of an activation, as ONNX's QuantizeLinear and DequantizeLinear define them.

use crate::export::power_of_two;
use serde::{Deserialize, Serialize};

/// Largest value of a uint8.
const TOP: f64 = 255.0;

/// `real = scale · (byte - zero)`; ONNX operators, QuantizeLinear.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    /// Real value of one step, above zero.
    pub scale: f32,
    /// The byte that stands for zero.
    pub zero: u8,
}

impl Steps {
    /// 256 steps over `lo` to `hi`, each a power of two (see `export::exact`), widened so that zero is among them: padding is zero and must stay exact
    /// (Jacob 2018, arXiv 1712.05877, section 2.1). A range that is not below zero gets the zero point 0.
    pub fn over(lo: f64, hi: f64) -> Steps {
        let (lo, hi) = (lo.min(0.0), hi.max(0.0));
        // A tensor that is always zero: any scale is right.
        if (hi - lo) / TOP < f64::from(f32::MIN_POSITIVE) {
            return Steps { scale: 1.0, zero: 0 };
        }
        let scale = power_of_two((hi - lo) / TOP);
        let zero = (-lo / f64::from(scale)).round_ties_even().clamp(0.0, TOP) as u8;
        Steps { scale, zero }
    }

    /// The real number that `value` becomes: the nearest step, ties to even, within 0..=255.
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
        // 0..6: 6 / 255 = .0235 a step, 2^-5 is the next power of two; zero at 0.
        assert_eq!(Steps::over(0.0, 6.0), Steps { scale: 0.03125, zero: 0 });
        // -1..4: 5 / 255 = .0196 a step, 2^-5 again; -1 lies 32 steps below zero.
        assert_eq!(Steps::over(-1.0, 4.0), Steps { scale: 0.03125, zero: 32 });
        // Above zero only: zero is taken in.
        assert_eq!(Steps::over(2.0, 510.0), Steps { scale: 2.0, zero: 0 });
        assert_eq!(Steps::over(0.0, 0.0), Steps { scale: 1.0, zero: 0 });
    }

    #[test]
    fn rounding_by_hand() {
        let steps = Steps { scale: 0.5, zero: 10 };
        // 3.25 / .5 = 6.5: to the even 6.
        assert_eq!(steps.rounded(3.25), 3.0);
        assert_eq!(steps.rounded(-0.3), -0.5);
        // Bytes end at 0 and 255: -10 and 245 steps.
        assert_eq!(steps.rounded(-100.0), -5.0);
        assert_eq!(steps.rounded(1000.0), 122.5);
    }
}
