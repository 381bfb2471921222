//! The values of one activation over all calibration images.

use super::histogram::Histogram;
use super::observers::choose;
use crate::onnx::ActivationRange;

/// Least and greatest value, sum of squares, and the sum of each channel.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    pub lo: f32,
    pub hi: f32,
    squares: f64,
    pub sums: Vec<f64>,
    /// Largest magnitude of each channel.
    pub largest: Vec<f32>,
    /// Values a channel.
    count: usize,
}

impl Range {
    pub fn of(tensor: &[f32], channels: usize) -> Range {
        let count = tensor.len() / channels.max(1);
        let mut range = Range { count, ..Range::default() };
        for channel in tensor.chunks_exact(count.max(1)) {
            let (mut sum, mut squares, mut top) = (0.0_f64, 0.0_f64, 0.0_f32);
            for &value in channel {
                // `min` and `max` pass over what is not a number; the sum does not.
                range.lo = range.lo.min(value);
                range.hi = range.hi.max(value);
                top = top.max(value.abs());
                sum += f64::from(value);
                squares += f64::from(value) * f64::from(value);
            }
            range.sums.push(sum);
            range.largest.push(top);
            range.squares += squares;
        }
        range
    }

    pub fn merge(&mut self, other: &Range) {
        self.lo = self.lo.min(other.lo);
        self.hi = self.hi.max(other.hi);
        self.squares += other.squares;
        self.sums.resize(other.sums.len(), 0.0);
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, more)| *sum += more);
        self.largest.resize(other.largest.len(), 0.0);
        self.largest.iter_mut().zip(&other.largest).for_each(|(top, other)| *top = top.max(*other));
        self.count += other.count;
    }

    /// Scale and zero point by the best observer.
    pub fn activation_range(&self, histogram: &Histogram) -> ActivationRange {
        let (observer, params, error) = choose(histogram);
        let count = self.count.max(1) as f64;
        let square = self.squares / (count * self.sums.len().max(1) as f64);
        ActivationRange {
            params,
            observer,
            relative_error: if square > 0.0 { error / square } else { 0.0 },
            means: self.sums.iter().map(|sum| (sum / count) as f32).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_and_means_by_hand() {
        let mut range = Range::of(&[1.0, 3.0, -2.0, -4.0], 2);
        range.merge(&Range::of(&[5.0, 7.0, 0.0, 2.0], 2));
        assert_eq!((range.lo, range.hi, range.squares), (-4.0, 7.0, 108.0));
        let mut histogram = Histogram::new(range.lo, range.hi);
        histogram.add(&[1.0, 3.0, -2.0, -4.0, 5.0, 7.0, 0.0, 2.0]);
        let measured = range.activation_range(&histogram);
        assert_eq!(measured.means, [4.0, -1.0]);
        assert!(measured.relative_error < 1e-4, "{measured:?}");
    }

    #[test]
    fn what_is_not_a_number_shows_in_the_sums() {
        assert!(Range::of(&[1.0, f32::NAN], 1).sums[0].is_nan());
    }
}
