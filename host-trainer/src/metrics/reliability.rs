//! Reliability diagram and expected calibration error.

use serde::{Deserialize, Serialize};

use super::{MetricsError, Rate, Scored, check};

/// Bins that probabilities are sorted into, all of one width.
pub const RELIABILITY_BINS: usize = 15;

/// The images whose probability lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Probabilities above this, and 0 in the first bin.
    pub low: f64,
    /// Up to and with this.
    pub high: f64,
    /// Mean probability; `None` in an empty bin.
    pub mean: Option<f64>,
    /// The share of positives.
    pub positive: Rate,
}

/// Probabilities against the share of positives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// From 0 to 1.
    pub bins: Vec<ReliabilityBin>,
    /// Expected calibration error, from 0 to 1: the distance of mean probability and share of positives,
    /// averaged over the bins by their images (Naeini 2015, doi 10.1609/aaai.v29i1.9602; Guo 2017,
    /// arXiv:1706.04599, but over the probability of the positive class). 0 is best. With few images it is
    /// above 0 by chance alone.
    pub expected_error: f64,
}

/// Sorts probabilities into [`RELIABILITY_BINS`] bins.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn reliability(scored: &[Scored]) -> Result<Reliability, MetricsError> {
    check(scored)?;
    let edge = |bin: usize| bin as f64 / RELIABILITY_BINS as f64;
    let mut sums = [(0u64, 0u64, 0.0); RELIABILITY_BINS];
    for (p, label) in scored {
        let bin = (1..RELIABILITY_BINS).filter(|bin| edge(*bin) < *p).count();
        let (n, positives, sum) = &mut sums[bin];
        (*n, *positives, *sum) = (*n + 1, *positives + u64::from(*label), *sum + p);
    }
    let mut expected_error = 0.0;
    let mut bins = Vec::with_capacity(RELIABILITY_BINS);
    for (bin, (n, positives, sum)) in sums.into_iter().enumerate() {
        // |mean - share| · n / all, without dividing by an n that may be 0.
        expected_error += (sum - positives as f64).abs() / scored.len() as f64;
        bins.push(ReliabilityBin {
            low: edge(bin),
            high: edge(bin + 1),
            mean: (n > 0).then(|| sum / n as f64),
            positive: Rate::new(positives, n),
        });
    }
    Ok(Reliability { bins, expected_error })
}
