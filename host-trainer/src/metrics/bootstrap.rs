//! Bootstrap intervals, for figures that are no proportions.

use std::num::NonZeroUsize;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Interval, MetricsError, Scored, check};

/// Resamples that are drawn where nothing else is said.
pub const RESAMPLES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1999);

/// The 95% percentile bootstrap interval of a figure (Efron 1979, doi 10.1214/aos/1176344552): positives and negatives
/// are drawn again with replacement, each class as many as there are, so that the prevalence stays. The ends are the
/// 2.5% and 97.5% points of the resampled figures, linearly between neighbours. The same scores and seed give the same
/// interval. A figure that has one value in all resamples gives a point; `None` where one of them has none.
///
/// Not for figures that chance alone moves in one direction, such as the expected calibration error: a resample has
/// that error twice, and the interval would lie above the figure.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn bootstrap(
    scored: &[Scored],
    resamples: NonZeroUsize,
    seed: u64,
    figure: impl Fn(&[Scored]) -> Option<f64>,
) -> Result<Option<Interval>, MetricsError> {
    check(scored)?;
    let (positives, negatives): (Vec<Scored>, Vec<Scored>) =
        scored.iter().copied().partition(|(_, label)| *label);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(scored.len());
    let figures: Option<Vec<f64>> = (0..resamples.get())
        .map(|_| {
            drawn.clear();
            for class in [&positives, &negatives] {
                drawn.extend(class.iter().map(|_| class[rng.random_range(0..class.len())]));
            }
            figure(&drawn)
        })
        .collect();
    Ok(figures.map(|mut figures| {
        figures.sort_by(f64::total_cmp);
        Interval { low: quantile(&figures, 0.025), high: quantile(&figures, 0.975) }
    }))
}

/// The point of the sorted values that this share lies below, linearly between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + part * (sorted[above] - sorted[below])
}
