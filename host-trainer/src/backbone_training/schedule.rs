//! The learning rate of every step, and how slowly the average follows.

use std::f64::consts::PI;

/// A linear warm-up times a cosine that is zero after the last step (Loshchilov and Hutter 2017, arXiv:1608.03983,
/// equation 5, without restarts).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Schedule {
    /// The rate that the cosine begins with.
    pub peak: f64,
    /// Steps until the factor of the warm-up is 1.
    pub warm_up: usize,
    /// All steps of all passes.
    pub steps: usize,
}

impl Schedule {
    /// The learning rate of a step, counted from 0.
    pub fn rate(&self, step: usize) -> f64 {
        let warm = ((step + 1) as f64 / self.warm_up.max(1) as f64).min(1.0);
        let cosine = 0.5 * (1.0 + (PI * step as f64 / self.steps.max(1) as f64).cos());
        self.peak * warm * cosine
    }
}

/// The part of the average that is kept after so many steps: `most` in the end, less at first, when the weights that it
/// began with are of no use any more.
pub(super) fn kept_part(most: f64, steps: usize) -> f64 {
    let steps = steps as f64;
    most.min(steps / (steps + 20.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: `6e-4 · min(1, (step + 1) / 4) · (1 + cos(π · step / 8)) / 2`.
    #[test]
    fn the_rate_rises_and_falls_to_zero() {
        let schedule = Schedule { peak: 6e-4, warm_up: 4, steps: 8 };
        let cosine = |eighths: f64| f64::midpoint(1.0, (PI * eighths / 8.0).cos());
        let expected = [
            (0, 1.5e-4),
            (1, 3e-4 * cosine(1.0)),
            (2, 4.5e-4 * cosine(2.0)),
            (3, 6e-4 * 0.691_341_716_182_544_8),
            (4, 3e-4),
            (6, 6e-4 * 0.146_446_609_406_726_2),
            (7, 6e-4 * 0.038_060_233_744_356_63),
        ];
        for (step, rate) in expected {
            assert!((schedule.rate(step) - rate).abs() < 1e-15, "{step}: {}", schedule.rate(step));
        }
        assert!(schedule.rate(8).abs() < 1e-18);
        assert!((Schedule { warm_up: 0, ..schedule }.rate(0) - 6e-4).abs() < 1e-15);
    }

    #[test]
    fn the_average_follows_fast_at_first() {
        assert!((kept_part(0.997, 1) - 1.0 / 21.0).abs() < 1e-15);
        assert!((kept_part(0.997, 20) - 0.5).abs() < 1e-15);
        assert!((kept_part(0.997, 100_000) - 0.997).abs() < 1e-15);
    }
}
