//! How wide intervals must be expected to be, before images are collected.

use serde::Serialize;

use super::wilson;

/// Widths of the 95% intervals that a number of images can be expected to give, half of them of each class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ExpectedWidths {
    /// Images of both classes together.
    pub images: u64,
    /// Width of the interval of sensitivity, 0..1.
    pub sensitivity: f64,
    /// Width of the interval of specificity, 0..1.
    pub specificity: f64,
}

impl ExpectedWidths {
    /// Numbers of images that people are told the widths for.
    pub const IMAGES: [u64; 3] = [50, 100, 200];

    /// The widths for `images`, if sensitivity and specificity (0..=1) are these.
    pub fn new(images: u64, sensitivity: f64, specificity: f64) -> ExpectedWidths {
        ExpectedWidths {
            images,
            sensitivity: expected_width(sensitivity, images / 2),
            specificity: expected_width(specificity, images / 2),
        }
    }
}

/// The mean width of the Wilson interval over all counts of `n` images, each right with the probability `rate` (0..=1);
/// 1 without an image.
pub fn expected_width(rate: f64, n: u64) -> f64 {
    if n == 0 {
        return 1.0;
    }
    let log_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    let log_power = |base: f64, exponent: u64| if exponent == 0 { 0.0 } else { exponent as f64 * base.ln() };
    let width = |count: u64| {
        let ways = log_factorial(n) - log_factorial(count) - log_factorial(n - count);
        let probability = (ways + log_power(rate, count) + log_power(1.0 - rate, n - count)).exp();
        wilson(count, n).map_or(0.0, |interval| probability * (interval.high - interval.low))
    };
    (0..=n).map(width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_python() {
        // sum(comb(n, k) * p**k * (1-p)**(n-k) * width(k, n) for k in range(n+1)) with Wilson's formula.
        for (rate, n, expected) in [
            (0.9, 25, 0.235_484_761_113),
            (0.9, 50, 0.166_496_504_510),
            (0.9, 100, 0.117_688_535_425),
            (0.8, 25, 0.295_263_048_546),
            (1.0, 25, 0.133_192_252_760),
        ] {
            assert!((expected_width(rate, n) - expected).abs() < 1e-9, "{rate} {n}");
        }
        assert_eq!(expected_width(0.5, 0), 1.0);
        let widths = ExpectedWidths::new(50, 0.9, 0.8);
        assert!((widths.sensitivity - 0.235_484_761).abs() < 1e-8, "{widths:?}");
        assert!((widths.specificity - 0.295_263_049).abs() < 1e-8, "{widths:?}");
    }
}
