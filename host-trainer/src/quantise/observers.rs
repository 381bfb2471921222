//! Four observers that choose the range of an activation, and the choice among them.
//!
//! - min-max: everything that occurred (Jacob 2018, arXiv 1712.05877, section 3);
//! - percentile: all but the outermost hundredth of a percent (Wu 2020, arXiv 2004.09602, section 5.2);
//! - squared error: the range with the least mean squared error (Nagel 2021, arXiv 2106.08295, section 3.1);
//! - entropy: the range with the least Kullback-Leibler divergence between the values and their steps
//!   (Migacz 2017, "8-bit Inference with TensorRT", GTC).

use super::histogram::Histogram;
use crate::onnx::{Observer, QuantisationParams};

/// Share of the values that may lie outside of the percentile range at each end.
const OUTSIDE: f64 = 1e-4;

/// Narrowest range that is tried, as a share of the widest, and how many are tried for an end.
const NARROWEST: f64 = 0.2;
const TRIED: usize = 64;
const TRIED_BOTH_ENDS: usize = 24;

/// Steps that values are reduced to.
const LEVELS: usize = 256;

/// The range that an observer chooses.
fn range_by(observer: Observer, histogram: &Histogram) -> (f64, f64) {
    match observer {
        Observer::MinMax => (histogram.lo, histogram.hi),
        Observer::Percentile => percentile(histogram),
        Observer::SquaredError => squared_error(histogram),
        Observer::Entropy => entropy(histogram),
    }
}

/// The observer with the least squared error on the histogram, its parameters and that error; of equals the
/// simplest.
pub(crate) fn choose(histogram: &Histogram) -> (Observer, QuantisationParams, f64) {
    let evaluated = |observer: Observer| {
        let (lo, hi) = range_by(observer, histogram);
        let params = QuantisationParams::covering(lo, hi);
        (observer, params, histogram.squared_error(params))
    };
    let mut best = evaluated(Observer::MinMax);
    for observer in Observer::ALL.into_iter().skip(1) {
        let other = evaluated(observer);
        if other.2 < best.2 {
            best = other;
        }
    }
    best
}

fn percentile(histogram: &Histogram) -> (f64, f64) {
    let allowed = (OUTSIDE * histogram.total() as f64) as u64;
    // How many whole bins at an end hold no more than is allowed.
    let cut = |counts: &mut dyn Iterator<Item = &u64>| {
        let mut outside = 0;
        counts
            .take_while(|count| {
                outside += **count;
                outside <= allowed
            })
            .count() as f64
    };
    let width = histogram.width();
    let below = cut(&mut histogram.bins.iter());
    let above = cut(&mut histogram.bins.iter().rev());
    let lo = (histogram.lo + below * width).min(0.0);
    (lo, (histogram.hi - above * width).max(0.0))
}

fn squared_error(histogram: &Histogram) -> (f64, f64) {
    // An end that is at zero stays there.
    let ends = |end: f64, count: usize| {
        let count = if end == 0.0 { 1 } else { count };
        let narrower = (1.0 - NARROWEST) / (count.max(2) - 1) as f64;
        (0..count).map(move |i| end * (1.0 - narrower * i as f64)).collect::<Vec<f64>>()
    };
    let count = if histogram.lo < 0.0 && histogram.hi > 0.0 { TRIED_BOTH_ENDS } else { TRIED };
    let (lows, highs) = (ends(histogram.lo, count), ends(histogram.hi, count));
    let mut best = ((histogram.lo, histogram.hi), f64::INFINITY);
    for range in lows.iter().flat_map(|lo| highs.iter().map(move |hi| (*lo, *hi))) {
        let error = histogram.squared_error(QuantisationParams::covering(range.0, range.1));
        if error < best.1 {
            best = (range, error);
        }
    }
    best.0
}

fn entropy(histogram: &Histogram) -> (f64, f64) {
    let bins = histogram.bins.len();
    let zero = (-histogram.lo / histogram.width().max(f64::MIN_POSITIVE)).round() as usize;
    let mut best = ((histogram.lo, histogram.hi), f64::INFINITY);
    // Both ends move towards zero in proportion, by a 128th of the range each time.
    const PARTS: usize = 128;
    for part in (LEVELS * PARTS / bins..=PARTS).rev() {
        let start = zero - (zero * part).div_ceil(PARTS).min(zero);
        let end = (zero + ((bins - zero.min(bins)) * part).div_ceil(PARTS)).min(bins);
        if end < start + LEVELS {
            break;
        }
        if let Some(divergence) = divergence(&histogram.bins, start, end)
            && divergence < best.1
        {
            let at = |bin: usize| histogram.lo + bin as f64 * histogram.width();
            best = ((at(start).min(0.0), at(end).max(0.0)), divergence);
        }
    }
    best.0
}

/// Kullback-Leibler divergence of the bins `start..end`, with what lies outside added to the outermost that
/// are not empty, from the same bins in 256 steps; `None` where all of them are empty.
fn divergence(bins: &[u64], start: usize, end: usize) -> Option<f64> {
    let inner = &bins[start..end];
    let mut reference: Vec<f64> = inner.iter().map(|count| *count as f64).collect();
    let outside = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let first = inner.iter().position(|count| *count > 0)?;
    let last = inner.iter().rposition(|count| *count > 0)?;
    reference[first] += outside(&bins[..start]);
    reference[last] += outside(&bins[end..]);
    let total: f64 = reference.iter().sum();
    let kept = outside(inner);
    let mut sum = 0.0;
    for level in 0..LEVELS {
        let range = level * inner.len() / LEVELS..(level + 1) * inner.len() / LEVELS;
        let counts = &inner[range.clone()];
        // A step spreads what it holds evenly over the bins that were not empty.
        let filled = counts.iter().filter(|count| **count > 0).count() as f64;
        let share = outside(counts) / filled.max(1.0) / kept;
        let filled = reference[range].iter().filter(|p| **p > 0.0);
        sum += filled.map(|p| p / total * (p / total / share).ln()).sum::<f64>();
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of width 1 from 0 to 2048 with these counts.
    fn counted(counts: &[(usize, u64)]) -> Histogram {
        let mut histogram = Histogram::new(0.0, 2048.0);
        counts.iter().for_each(|(bin, count)| histogram.bins[*bin] = *count);
        histogram
    }

    #[test]
    fn min_max_is_the_whole_range() {
        assert_eq!(range_by(Observer::MinMax, &counted(&[(3, 9)])), (0.0, 2048.0));
    }

    #[test]
    fn percentile_by_hand() {
        // 20 000 values: two may lie outside. The two of bin 2000 are cut off, those of bin 99 are not.
        let histogram = counted(&[(50, 19_995), (99, 3), (2000, 2)]);
        assert_eq!(range_by(Observer::Percentile, &histogram), (0.0, 100.0));
        // A third value in bin 2000 keeps it.
        let histogram = counted(&[(50, 19_995), (99, 2), (2000, 3)]);
        assert_eq!(range_by(Observer::Percentile, &histogram), (0.0, 2001.0));
        // Both ends: 10 000 values, one may lie outside at each.
        let mut both = Histogram::new(-1024.0, 1024.0);
        for (bin, count) in [(0, 1), (1000, 5000), (1030, 4998), (2047, 1)] {
            both.bins[bin] = count;
        }
        assert_eq!(range_by(Observer::Percentile, &both), (-24.0, 7.0));
    }

    #[test]
    fn squared_error_cuts_an_outlier_off_if_that_pays() {
        // A million values spread over 0..512 and one at 2047.5: the step falls from 16 to 2.
        let mut histogram = counted(&[(2047, 1)]);
        histogram.bins[..512].fill(2000);
        let (lo, hi) = range_by(Observer::SquaredError, &histogram);
        assert!(lo == 0.0 && hi < 2048.0, "{lo} {hi}");
        // And a hundred thousand of them are worth keeping: 255 steps of 8 end at 2040, which costs them 7.5 each; steps
        // of 16, which would reach them, cost all others more.
        histogram.bins[2047] = 100_000;
        let (lo, hi) = range_by(Observer::SquaredError, &histogram);
        assert_eq!((lo, QuantisationParams::covering(lo, hi).scale), (0.0, 8.0));
    }

    #[test]
    fn divergence_by_hand() {
        // 512 bins in 256 steps: each step takes two bins, 3 and 1 of them, and gives 2 and 2 back.
        let bins: Vec<u64> = (0..512).map(|bin| if bin % 2 == 0 { 3 } else { 1 }).collect();
        let expected = 0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln();
        assert!((divergence(&bins, 0, 512).unwrap() - expected).abs() < 1e-12);
        // As many bins as steps: nothing is lost.
        assert!(divergence(&bins[..256], 0, 256).unwrap().abs() < 1e-12);
        // 256 values of 511 lie outside and are added to the last bin that is not empty.
        let mut gap = vec![1; 512];
        gap[255] = 0;
        let expected =
            254.0 / 511.0 * (255.0 / 511.0_f64).ln() + 257.0 / 511.0 * (257.0 * 255.0 / 511.0_f64).ln();
        assert!((divergence(&gap, 0, 256).unwrap() - expected).abs() < 1e-12);
        assert_eq!(divergence(&[0; 256], 0, 256), None);
    }

    #[test]
    fn entropy_keeps_what_is_even_and_cuts_a_thin_tail() {
        let mut even = counted(&[]);
        even.bins.fill(7);
        assert_eq!(range_by(Observer::Entropy, &even), (0.0, 2048.0));
        let mut tail = counted(&[]);
        // Blocks of four bins: steps of eight bins lose them, steps of four or two keep them.
        for (bin, count) in tail.bins.iter_mut().enumerate() {
            *count = if bin >= 512 { 1 } else { 1000 + 900 * (bin as u64 / 4 % 2) };
        }
        assert!(range_by(Observer::Entropy, &tail).1 < 1100.0);
    }

    #[test]
    fn the_least_error_is_chosen() {
        let mut histogram = counted(&[(2047, 1)]);
        histogram.bins[..512].fill(2000);
        let (observer, params, error) = choose(&histogram);
        assert_ne!(observer, Observer::MinMax);
        for other in Observer::ALL {
            let (lo, hi) = range_by(other, &histogram);
            assert!(histogram.squared_error(QuantisationParams::covering(lo, hi)) >= error);
        }
        assert_eq!(histogram.squared_error(params), error);
        // Nothing but zeros: all are equal, the simplest is taken.
        let mut zeros = Histogram::new(0.0, 0.0);
        zeros.add(&[0.0; 5]);
        assert_eq!(choose(&zeros), (Observer::MinMax, QuantisationParams { scale: 1.0, zero: 0 }, 0.0));
    }
}
