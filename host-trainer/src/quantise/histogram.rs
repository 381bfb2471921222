//! The histogram of an activation.

use crate::onnx::QuantisationParams;

/// Bins of a histogram: eight or more for each of the 256 steps, as in TensorRT (Migacz 2017).
pub(crate) const BINS: usize = 2048;

/// Counts of values over `lo..=hi` in bins of equal width. Exact zeros are counted apart: they are free of
/// error under any steps, and behind a ReLU they would outweigh everything else.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) lo: f64,
    pub(crate) hi: f64,
    pub(crate) bins: Vec<u64>,
    pub(crate) zeros: u64,
}

impl Histogram {
    /// An empty histogram; the range is widened so that it holds zero.
    pub(crate) fn new(lo: f32, hi: f32) -> Histogram {
        let (lo, hi) = (f64::from(lo.min(0.0)), f64::from(hi.max(0.0)));
        Histogram { lo, hi, bins: vec![0; BINS], zeros: 0 }
    }

    /// Counts `values`; those outside of the range go to the outermost bins.
    pub(crate) fn add(&mut self, values: &[f32]) {
        let last = self.bins.len() - 1;
        let factor = self.bins.len() as f64 / (self.hi - self.lo).max(f64::MIN_POSITIVE);
        let (factor, lo) = (factor as f32, self.lo as f32);
        for &value in values {
            if value == 0.0 {
                self.zeros += 1;
            } else {
                // The cast takes what is below the range to 0.
                let bin = (((value - lo) * factor) as usize).min(last);
                self.bins[bin] += 1;
            }
        }
    }

    /// Adds the counts of a histogram over the same range.
    pub(crate) fn merge(&mut self, other: &Histogram) {
        self.zeros += other.zeros;
        self.bins.iter_mut().zip(&other.bins).for_each(|(bin, more)| *bin += more);
    }

    /// Width of a bin.
    pub(crate) fn width(&self) -> f64 {
        (self.hi - self.lo) / self.bins.len() as f64
    }

    /// Number of values.
    pub(crate) fn total(&self) -> u64 {
        self.zeros + self.bins.iter().sum::<u64>()
    }

    /// Mean of the squared difference between a value and what quantising with `params` makes of it, each value taken to lie
    /// in the middle of its bin.
    pub(crate) fn squared_error(&self, params: QuantisationParams) -> f64 {
        let width = self.width();
        let sum: f64 = self
            .bins
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(bin, count)| {
                let value = self.lo + (bin as f64 + 0.5) * width;
                let error = value - params.rounded(value);
                *count as f64 * error * error
            })
            .sum();
        sum / self.total().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_by_hand() {
        // Bins of width 1 from -1024 to 1024.
        let mut histogram = Histogram::new(-1024.0, 1024.0);
        histogram.add(&[0.0, -0.0, 0.25, 0.75, -0.5, 1024.0, -1024.0, 5000.0]);
        assert_eq!(histogram.zeros, 2);
        let counted: Vec<_> = histogram.bins.iter().enumerate().filter(|(_, c)| **c > 0).collect();
        assert_eq!(counted, [(0, &1), (1023, &1), (1024, &2), (2047, &2)]);
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert_eq!((twice.total(), twice.zeros, twice.bins[1024]), (16, 4, 4));
    }

    #[test]
    fn squared_error_by_hand() {
        // Bins of width 1, values in the middle: 10.5 three times, 300.5 once; four zeros.
        let mut histogram = Histogram::new(0.0, 2048.0);
        histogram.add(&[10.0, 10.9, 10.2, 300.1, 0.0, 0.0, 0.0, 0.0]);
        // Steps of 1 up to 255: 10.5 becomes 10 (even), 300.5 becomes 255.
        let error = histogram.squared_error(QuantisationParams { scale: 1.0, zero: 0 });
        assert_eq!(error, (3.0 * 0.25 + 45.5 * 45.5) / 8.0);
    }
}
