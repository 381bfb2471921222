//! An interval of the area under the ROC curve that assumes no distribution.

use std::num::NonZeroUsize;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::roc::by_class;
use super::{Interval, MetricsError, Scored};

/// Resamples that are drawn where nothing else is said.
pub const RESAMPLES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1999);

/// The 95% percentile bootstrap interval of [`super::auroc`] (Efron 1979, doi 10.1214/aos/1176344552):
/// positives and negatives are drawn again with replacement, each class as many as there are, so that the
/// prevalence stays. The ends are the 2.5% and 97.5% points of the resampled areas, linearly between
/// neighbours. The same scores and seed give the same interval. An area of exactly 0 or 1 gives a point.
///
/// # Errors
/// As [`super::auroc`].
pub fn auroc_bootstrap(
    scored: &[Scored],
    resamples: NonZeroUsize,
    seed: u64,
) -> Result<Interval, MetricsError> {
    let (positives, negatives) = by_class(scored)?;
    let mut levels = [positives.as_slice(), negatives.as_slice()].concat();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let ranks = |scores: &[f64]| scores.iter().map(|s| levels.partition_point(|l| l < s)).collect::<Vec<_>>();
    let (positives, negatives) = (ranks(&positives), ranks(&negatives));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut areas: Vec<f64> = (0..resamples.get())
        .map(|_| {
            let drawn = [&positives, &negatives].map(|ranks| draw(ranks, levels.len(), &mut rng));
            area(&drawn[0], &drawn[1], positives.len() * negatives.len())
        })
        .collect();
    areas.sort_by(f64::total_cmp);
    Ok(Interval { low: quantile(&areas, 0.025), high: quantile(&areas, 0.975) })
}

/// How often each level is drawn, in as many draws as there are ranks.
fn draw(ranks: &[usize], levels: usize, rng: &mut ChaCha8Rng) -> Vec<u64> {
    let mut counts = vec![0; levels];
    ranks.iter().for_each(|_| counts[ranks[rng.random_range(0..ranks.len())]] += 1);
    counts
}

/// The area from how often each level occurs; `pairs` of a positive and a negative in all.
fn area(positives: &[u64], negatives: &[u64], pairs: usize) -> f64 {
    let (mut below, mut twice_wins) = (0, 0);
    for (p, n) in positives.iter().zip(negatives) {
        twice_wins += p * (2 * below + n);
        below += n;
    }
    twice_wins as f64 / (2 * pairs) as f64
}

/// The point of the sorted values that this share lies below, linearly between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + part * (sorted[above] - sorted[below])
}
